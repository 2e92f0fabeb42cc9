/**
 * Names of processes in the subjects of a broker.
 * Floor 2: below `relayed-listener`; the hosts of `fleet` are named in the same way.
 */

/** Makes a name a part of a subject: the characters that have a meaning there are written as in a URL. */
export const subjectPart = (name: string): string =>
  encodeURIComponent(name).replace(/[.*!'()~]/g, char => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
