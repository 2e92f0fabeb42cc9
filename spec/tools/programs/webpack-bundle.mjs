// Bundles program.mjs: `node webpack-bundle.mjs development out/development`.
import webpack from 'webpack';

const [mode, folder] = process.argv.slice(2);
const options = {
  mode,
  target: 'node20',
  entry: './program.mjs',
  experiments: {outputModule: true},
  output: {path: `${process.cwd()}/${folder}`, filename: 'program.mjs', module: true},
  externals: {rxtractor: 'module rxtractor'},
};
webpack(options, (error, stats) => {
  if (!error && !stats.hasErrors()) return;
  console.error(error ?? stats.toString());
  process.exitCode = 1;
});
