// The task of tinypool for the tables of orphans and of errors.
import {run} from './fate-work.cjs';

// biome-ignore lint/style/noDefaultExport: the pool looks for it
export default ({name, args}) => run(name, ...args);
