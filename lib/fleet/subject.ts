/**
 * The subject of a certificate: as a text, and whether it is one of a list.
 * Floor 6: a part of `daemon`.
 */
import type {PeerCertificate} from 'node:tls';

/** Its parts, in the order of the certificate: `CN=deploy`, `O=shop`. */
export function subjectOf({subject}: Pick<PeerCertificate, 'subject'>): string[] {
  return Object.entries(subject ?? {}).flatMap(([key, value]) => [value].flat().map(each => `${key}=${each}`));
}

/** `CN=deploy,O=shop`. A comma within a part has a backslash. */
export function subjectText(parts: readonly string[]): string {
  return parts.map(part => part.replaceAll(',', '\\,')).join(',');
}

/** The parts that a text names: the other way of `subjectText`. */
export function subjectIn(text: string): string[] {
  return text.split(/(?<!\\),/).map(part => part.trim().replaceAll('\\,', ','));
}

/**
 * Whether a text names the whole subject. The order of the parts does not matter. A name within the certificate that has a comma is still
 * one part: otherwise `CN=deploy\,O=shop` could pass for `CN=deploy,O=shop`.
 */
export function isSubject(text: string, parts: readonly string[]): boolean {
  return keyOfSubject(subjectIn(text)) === keyOfSubject(parts);
}

/** The same text for the same subject, in whatever order its parts are. */
export function keyOfSubject(parts: readonly string[]): string {
  return JSON.stringify(parts.toSorted());
}
