/**
 * The part of a host's information that its system tells.
 * Floor 6: a part of `daemon`.
 */
import {readFileSync} from 'node:fs';
import {freemem, loadavg} from 'node:os';
import {join} from 'node:path';
import type {App} from '../actor/codebase.js';
import {attempt, readProperty} from '../base/foreign.js';
import {platform} from '../base/platform.js';
import {libraryVersion} from '../base/version.js';
import type {HostInfo} from './host-info.js';

type OfSystem = Pick<HostInfo, 'cores' | 'load1' | 'freeMemory' | 'node' | 'version' | 'apps'>;

export function infoOfSystem({name, folder}: App): OfSystem {
  return {
    cores: platform.parallelism(),
    load1: loadavg()[0] ?? 0,
    freeMemory: freemem(),
    node: process.version,
    version: libraryVersion(),
    apps: [{name, version: versionIn(folder)}],
  };
}

/** Read each time, because an app may be installed anew while its host runs. Empty: its package.json has none. */
function versionIn(folder: string): string {
  const version = attempt(() =>
    readProperty(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')), 'version'),
  );
  return typeof version === 'string' ? version : '';
}
