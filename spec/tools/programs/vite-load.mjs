// Loads a module as Vite's development server does for server-side rendering.
import {createServer} from 'vite';

const server = await createServer({appType: 'custom', configFile: false, server: {middlewareMode: true, ws: false}});
try {
  const {answers, backends} = await server.ssrLoadModule('/answers.mjs');
  for (const backend of backends) console.log(await answers(backend));
} finally {
  await server.close();
}
