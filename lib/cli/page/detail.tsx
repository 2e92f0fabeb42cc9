// One actor: how it is, what it uses, its open contexts; and the button that cancels it.
import type {JSX} from 'preact';
import {useEffect, useState} from 'preact/hooks';
import {type ActorFrame, type ContextFrame, duration, type Frame, megabytes, percent} from './data.js';
import {stallMs, stateOf} from './tree.js';

export const Figure = ({
  name,
  value,
  tone = '',
}: {
  readonly name: string;
  readonly value: string;
  readonly tone?: string;
}): JSX.Element => (
  <div class={tone}>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
);

interface DetailProps {
  readonly actor: ActorFrame;
  readonly frame: Frame;
  readonly contexts: readonly ContextFrame[];
  readonly isControlled: boolean;
  /** Whether `contexts` are those of this actor. */
  readonly isOpen: boolean;
  openIt(): void;
}

export function Detail({actor, frame, contexts, isControlled, isOpen, openIt}: DetailProps): JSX.Element {
  useEffect(openIt, [actor.id]);
  const {text, tone} = stateOf(actor);
  return (
    <>
      <h2>
        {actor.name} <span class={`chip ${tone}`}>{text}</span>
        {isControlled && actor.id !== frame.root.id && actor.state !== 'ended' && (
          <Cancel key={actor.id} actor={actor} />
        )}
      </h2>
      <dl class="facts">
        <Figure name="pid" value={String(actor.pid || '–')} />
        <Figure name="age" value={duration(frame.at - actor.since)} />
        <Figure name="cpu" value={percent(actor.cpu)} />
        <Figure name="memory" value={megabytes(actor.rss)} />
        <Figure name="open contexts" value={String(actor.open)} />
        <Figure name="that wait" value={String(actor.waiting)} />
      </dl>
      <p class="id">
        {actor.id}
        {actor.host && ` on ${actor.host}`}
      </p>
      {actor.age > 1_500 && <p class="empty">It does not answer. This is what was known {duration(actor.age)} ago.</p>}
      {isOpen && <Contexts contexts={contexts} actor={actor} />}
    </>
  );
}

/** The columns, and the class of each. */
const columns = [
  ['function', ''],
  ['with', ''],
  ['state', ''],
  ['sent', 'number'],
  ['came', 'number'],
  ['stalled', 'number'],
] as const;

function Contexts({contexts, actor}: Pick<DetailProps, 'contexts' | 'actor'>): JSX.Element {
  if (contexts.length === 0) return <p class="empty">No call is open here.</p>;
  return (
    <div class="scroll">
      <table>
        <caption>Open contexts</caption>
        <thead>
          <tr>
            {columns.map(([title, kind]) => (
              <th key={title} scope="col" class={kind}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody class={actor.age > 1_500 ? 'old' : ''}>
          {contexts.map(({uid, side, fn, peer, state, sent, received, stalledMs, wait}) => (
            <tr key={`${uid} ${side}`} class={stalledMs >= stallMs ? 'warn' : ''}>
              <td>
                <b>{fn}</b> <small>{side === 'caller' ? 'calls' : 'runs'}</small>
              </td>
              <td>{peer}</td>
              <td>{wait ? `waits for ${wait.for}` : state}</td>
              <td class="number">{sent}</td>
              <td class="number">{received}</td>
              <td class="number">{stalledMs > 0 ? duration(stalledMs) : ''}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Cancel({actor}: {readonly actor: ActorFrame}): JSX.Element {
  const [asking, setAsking] = useState(false);
  const [told, setTold] = useState('');
  const cancel = async (): Promise<void> => {
    setAsking(false);
    setTold('being cancelled …');
    try {
      const answer = await fetch(`cancel?actor=${encodeURIComponent(actor.id)}`, {method: 'POST'});
      setTold(answer.ok ? 'cancelled' : await answer.text());
    } catch {
      setTold('the command has ended');
    }
  };
  if (told !== '')
    return (
      <span class="told" role="status">
        {told}
      </span>
    );
  if (!asking)
    return (
      <button type="button" class="action" onClick={() => setAsking(true)}>
        Cancel …
      </button>
    );
  return (
    <span class="asking" role="group" aria-label={`Cancel ${actor.name}?`}>
      <button type="button" class="action bad" onClick={() => void cancel()}>
        Cancel {actor.name}
      </button>
      <button type="button" class="action" onClick={() => setAsking(false)}>
        Keep it
      </button>
    </span>
  );
}
