/**
 * Why work was cancelled, and how a transport ended: closed sets of words.
 * Floor 0: a part of `errors`, which hands them on.
 */

/**
 * The reason for a cancellation.
 *
 * - `requested`: somebody called `cancel()`, aborted a signal, or unsubscribed
 * - `scope`: the scope that owns the work has ended or failed
 * - `deadline`: the time that was given is over
 * - `peer`: the other end of the context failed
 * - `actor`: the actor as a whole was asked to end
 * - `shutdown`: the whole tree ends
 */
export type CancelReason = 'requested' | 'scope' | 'deadline' | 'peer' | 'actor' | 'shutdown';

/**
 * How a transport ended.
 *
 * - `eof`: the peer ended it
 * - `reset`: it broke off
 * - `protocol`: bytes arrived that are not messages
 * - `heartbeat`: the peer fell silent
 * - `closed`: this side closed it
 */
export type TransportEnd = 'eof' | 'reset' | 'protocol' | 'heartbeat' | 'closed';
