// The second entry of a bundle: what an actor offers, in a file of its own.
export {triple} from './named.mjs';
