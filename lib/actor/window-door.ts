/**
 * The door to the floor on which a root opens itself to observers.
 * Floor 5: `child-actor` knocks when the first child of a root serves; the boot of the root says what is behind.
 */
import {Attached} from '../base/attached.js';

/** Opens a root to observers. Called again it does nothing. Never throws. */
export const windowDoors = new Attached<() => void>();
