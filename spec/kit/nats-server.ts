// A real server of NATS on loopback, for the specs of hosts. Debian has it as the package nats-server.
// Beside command.ts; what needs it is skipped where it is not installed.
import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, writeFileSync} from 'node:fs';
import {connect, createServer} from 'node:net';
import {delimiter, join} from 'node:path';
import type {ExecutionContext} from 'ava';

const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
const file = folders.map(folder => join(folder, 'nats-server')).find(path => existsSync(path));

/** Why the specs that need the server are skipped. Undefined: they run. */
export const withoutNatsServer = file === undefined ? 'needs the program nats-server' : undefined;

export interface NatsServer {
  readonly url: string;
  /** Resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it again at the same port. */
  start(): Promise<void>;
  /** Sends it a signal. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void;
}

/** @param config the text of its file: users and their permissions. Default: anybody may connect. */
export async function startNatsServer(t: ExecutionContext, config = '', folder = ''): Promise<NatsServer> {
  const port = await freePort();
  const args = ['--addr', '127.0.0.1', '--port', String(port)];
  if (config !== '') {
    const path = join(folder, `nats-${port}.conf`);
    writeFileSync(path, config);
    args.push('--config', path);
  }
  let server: ChildProcess | undefined;
  const kill = async (): Promise<void> => {
    const killed = server;
    server = undefined;
    if (!killed || killed.exitCode !== null || killed.signalCode !== null) return;
    const gone = once(killed, 'exit');
    killed.kill('SIGKILL');
    await gone;
  };
  const start = async (): Promise<void> => {
    server = spawn(file as string, args, {stdio: 'ignore'});
    while (!(await answers(port))) {
      if (server.exitCode !== null) throw new Error(`nats-server has ended with ${server.exitCode}`);
      await new Promise(resolve => setTimeout(resolve, 20));
    }
  };
  t.teardown(kill);
  await start();
  return {url: `nats://127.0.0.1:${port}`, kill, start, signal: name => void server?.kill(name)};
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const {port} = server.address() as {port: number};
  server.close();
  await once(server, 'close');
  return port;
}

/** Whether the server greets. */
function answers(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1');
    const settle = (isThere: boolean): void => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once('error', () => settle(false)).once('data', data => settle(String(data).startsWith('INFO')));
  });
}
