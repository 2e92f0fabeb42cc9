// For `node --import`: gives a whole program, which sets no times of its own, the times that only a starved machine exceeds.
import process from 'node:process';
import {defaultTimeouts} from '../../lib/actor/tree-options.js';

Object.assign(defaultTimeouts, {spawn: 60_000, handshake: 60_000});
// Its actors get their times from the program, so they need not load this.
delete process.env.NODE_OPTIONS;
