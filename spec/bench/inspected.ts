/**
 * A process that looks at itself by V8's inspector.
 * Beneath `self-profile` and `meters`.
 */
import {Session} from 'node:inspector';

export const session = new Session();

export function ask(method: string, params?: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    session.post(method, params as never, (error: Error | null, result?: object) =>
      error ? reject(error) : resolve(result),
    );
  });
}
