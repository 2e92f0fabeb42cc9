// For `node --import`: gives a whole program, which sets no times of its own, the times that only a starved machine exceeds.
import process from 'node:process';
import {defaultTimeouts} from '../../lib/actor/tree-options.js';

// A page shows what ends an actor that does not obey, so this bound stays short enough to be waited for.
Object.assign(defaultTimeouts, {spawn: 60_000, handshake: 60_000, exit: 8_000});
// Its actors get their times from the program, so they need not load this.
delete process.env.NODE_OPTIONS;
