// The other end of a process that was forked: a call is a message, and so is its answer.
import {run} from './fate-work.cjs';

process.on('message', ({name, args}) => {
  try {
    process.send({value: run(name, ...args)});
  } catch (error) {
    process.send({error});
  }
});
