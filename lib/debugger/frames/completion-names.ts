/**
 * The names with which a line at a prompt can be completed. They are read without running code of the user's: no getter
 * runs, and no proxy is asked.
 * Floor 7: below `captured-debuggee`. A thread that stands still is asked by `frame-values` instead.
 */
import {types} from 'node:util';
import type {CapturedFrame} from './captured-frame.js';

/** The names behind the dot of the expression `of`, or all that the frame can see where `of` is undefined. */
export function completionNames(frame: CapturedFrame | undefined, of: string | undefined): readonly string[] {
  return of === undefined ? namesInScope(frame) : namesOf(valueAt(frame, of));
}

function namesInScope(frame: CapturedFrame | undefined): string[] {
  return [...(frame?.scopes.flatMap(({names}) => names) ?? []), ...namesOf(globalThis)];
}

/** The value of `a.b.c`; undefined where a getter or a proxy would have to be asked for it. */
function valueAt(frame: CapturedFrame | undefined, chain: string): unknown {
  const [first = '', ...rest] = chain.split(/\??\./);
  let value = variable(frame, first);
  for (const key of rest) value = property(value, key);
  return value;
}

function variable(frame: CapturedFrame | undefined, name: string): unknown {
  if (!/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name)) return undefined;
  const declared = name === 'this' || frame?.scopes.some(({names}) => names.includes(name));
  return declared ? frame?.evaluate(name) : property(globalThis, name);
}

function property(value: unknown, key: string): unknown {
  for (const at of prototypesOf(value)) {
    const found = Object.getOwnPropertyDescriptor(at, key);
    if (found) return found.value;
  }
  return undefined;
}

const namesOf = (value: unknown): string[] => prototypesOf(value).flatMap(at => Object.getOwnPropertyNames(at));

/** An object and its prototypes; empty where one of them is a proxy. */
function prototypesOf(value: unknown): object[] {
  if (value === undefined || value === null) return [];
  const chain: object[] = [];
  for (let at: unknown = Object(value); at !== null; at = Object.getPrototypeOf(at)) {
    if (types.isProxy(at)) return [];
    chain.push(at as object);
  }
  return chain;
}
