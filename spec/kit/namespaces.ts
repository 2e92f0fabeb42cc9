// Hosts that can lose each other: two network namespaces of Linux with a pair of veth between them, made and removed by a test.
// Used by the specs of `discovery` and `fleet` that cut the line.
import {execFileSync} from 'node:child_process';
import {mkdirSync, rmSync, writeFileSync} from 'node:fs';
import type {Owner} from './program.js';

/** Nothing else happens in this process meanwhile, so that no other limit could end the wait. */
const ip = (...args: string[]): string => execFileSync('ip', args, {encoding: 'utf8', stdio: 'pipe', timeout: 60_000});

/** Why no host can be made here. Empty: they can. */
export const whyNoSpaces = ((): string => {
  if (!process.env.RXTRACTOR_CI) return 'takes seconds: set RXTRACTOR_CI=1 to run';
  if (process.getuid?.() !== 0) return 'only root can make hosts';
  try {
    const name = `rxprobe${process.pid}`;
    ip('netns', 'add', name);
    ip('netns', 'del', name);
    return '';
  } catch (error) {
    return `no host can be made with ip of iproute2: ${String((error as Error).message)
      .split('\n')
      .at(-1)}`;
  }
})();

/** For a test that needs them: it says why it is skipped. */
export const titleWithSpaces = (text: string): string =>
  whyNoSpaces === '' ? text : `${text} (skipped: ${whyNoSpaces})`;

export interface Space {
  /** How to start something in it. */
  readonly through: readonly string[];
  /** Its end of the line. */
  line(state: 'up' | 'down'): void;
}

interface Named {
  readonly address: string;
  /** Both hosts mean this address by the name. */
  readonly hostname: string;
}

/** @param prefix a few letters, so that two specs do not meet */
export function makeSpaces(t: Owner, prefix: string, hosts: readonly [Named, Named]): [Space, Space] {
  const names = [`${prefix}a${process.pid}`, `${prefix}b${process.pid}`] as const;
  const [left, right] = names;
  t.teardown(() => {
    for (const name of names) {
      try {
        ip('netns', 'del', name);
      } catch {}
      rmSync(`/etc/netns/${name}`, {recursive: true, force: true});
    }
  });
  for (const name of names) {
    ip('netns', 'add', name);
    // Read instead of /etc/hosts by what `ip netns exec` starts.
    mkdirSync(`/etc/netns/${name}`, {recursive: true});
    writeFileSync(`/etc/netns/${name}/hosts`, hosts.map(({address, hostname}) => `${address} ${hostname}\n`).join(''));
  }
  ip('link', 'add', left, 'netns', left, 'type', 'veth', 'peer', 'name', right, 'netns', right);
  const spaceOf = (name: string, {address}: Named): Space => {
    ip('-n', name, 'addr', 'add', `${address}/24`, 'dev', name);
    for (const device of ['lo', name]) ip('-n', name, 'link', 'set', device, 'up');
    return {
      through: ['ip', 'netns', 'exec', name],
      line: state => void ip('-n', name, 'link', 'set', name, state),
    };
  };
  return [spaceOf(left, hosts[0]), spaceOf(right, hosts[1])];
}
