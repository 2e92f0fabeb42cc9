// Hosts that a root knows from a broker: a real nats-server on loopback, daemons started by the command, and this process as the root.
// Above daemons.ts; used by the specs of `fleet` that need a broker.
import type {ExecutionContext} from 'ava';
import {type HostEvent, type Nursery, openNursery, type RootOptions, watchHosts} from '../../lib/index.js';
import {eventually} from '../kit/eventually.js';
import {withoutNatsServer} from '../kit/nats-server.js';
import {patient} from '../kit/patient.js';
import {spawning} from '../kit/spawning.js';
import {type Host, makeCertificates, ours, removeCertificates, startHost, tlsOf} from './daemons.js';

type Declare = (title: string, body: (t: ExecutionContext) => Promise<void>) => void;

/** For `const test = testsWithBroker();` at the top of a spec. Without the server each test is skipped, and its title says why. */
export function testsWithBroker(): Declare {
  const test = spawning({takesLong: true, last: removeCertificates});
  test.before(makeCertificates);
  return withoutNatsServer === undefined
    ? (title, body) => test(title, body)
    : (title, body) => test.skip(`${title} (skipped: ${withoutNatsServer})`, body);
}

/** Where a broker is reached: a server, or a road to it. */
export interface BrokerPlace {
  readonly url: string;
}

export const hostAt = (
  t: ExecutionContext,
  broker: BrokerPlace,
  name: string,
  args: readonly string[] = [],
): Promise<Host> => startHost(t, name, ['--nats', broker.url, ...args]);

/** Runs a body in a root that knows hosts from this broker alone. */
export const withBroker = <T>(
  broker: BrokerPlace,
  body: (nursery: Nursery) => Promise<T>,
  options: RootOptions = {},
): Promise<T> => openNursery(body, {...patient, hosts: broker.url, tls: tlsOf(ours, 'client'), ...options});

/** Watches the hosts, and waits for what happens to them. */
export function watching(): {readonly events: string[]; until(wanted: RegExp): Promise<unknown>} {
  const events: string[] = [];
  let end: string | undefined;
  watchHosts().subscribe({
    next: ({type, host}: HostEvent) => events.push(`${host.name} ${type}`),
    error: error => {
      end = String(error);
    },
  });
  const until = (wanted: RegExp): Promise<unknown> =>
    eventually(
      () => events.some(event => wanted.test(event)),
      () => `${wanted} behind ${events.join(', ') || 'nothing'}`,
      {unless: () => end},
    );
  return {events, until};
}

/** On a busy machine a daemon needs a while to find the broker. */
export async function untilHeard(...names: readonly string[]): Promise<void> {
  const {until} = watching();
  for (const name of names) await until(new RegExp(`^${name} `));
}

/** As docs/guide/hosts.md has them. More users may follow. */
export const usersOfGuide = (...more: readonly string[]): string => `authorization {
  users = [
    {user: gpu1, password: secret, permissions: {
      publish: ["beat.gpu1", "l.*.gpu1.>"], subscribe: ["who", "l.gpu1.>", "_INBOX.gpu1.>"], allow_responses: true
    }}
    {user: deploy, password: secret, permissions: {
      publish: ["who", "l.*.deploy.>"], subscribe: ["beat.>", "l.deploy.>", "_INBOX.deploy.>"]
    }}
    ${more.join('\n    ')}
  ]
}`;
