export default {
  build: {ssr: 'program.mjs', outDir: 'out/vite', target: 'node20'},
  test: {include: ['*.vitest.mjs']},
};
