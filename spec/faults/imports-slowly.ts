// An actor module that is never imported to its end. It writes its process id to the file that FAULTS_NOTE names.
import {renameSync, writeFileSync} from 'node:fs';

const note = process.env.FAULTS_NOTE as string;
writeFileSync(`${note}.new`, String(process.pid));
renameSync(`${note}.new`, note);
await new Promise(resolve => setTimeout(resolve, 600_000));
