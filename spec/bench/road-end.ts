/**
 * The other end of a road that `host-roads` measures: the daemon of a host, or a root that listens at a TCP port of loopback.
 * Arguments: `host`, the port of the server of NATS, and the folder of the certificates; or `root` and the port. It prints its address,
 * and ends with its input.
 */
import {openNursery, sleep} from '../../lib/index.js';
import {NatsServer} from '../kit/nats-server.js';
import {Certificates, openHost, relayOf} from '../kit/relayed-host.js';
import * as actors from './actors.js';

const [what, port = '', folder = ''] = process.argv.slice(2);
process.stdin.on('end', () => process.exit()).resume();

if (what === 'host') {
  const daemon = await openHost(new Certificates(folder), 'h1', await relayOf(new NatsServer(Number(port)), 'h1'));
  console.log(daemon.address);
} else {
  const listen = `tcp://127.0.0.1:${port}`;
  await openNursery(
    async () => {
      console.log(listen);
      await sleep(Number.POSITIVE_INFINITY);
    },
    {expose: [new URL('actors.js', import.meta.url)], listen: [listen], secret: actors.secret},
  );
}
