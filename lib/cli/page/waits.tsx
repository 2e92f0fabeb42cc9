// Who waits for whom, in words: suspected deadlocks, who holds up others, chains.
import type {JSX} from 'preact';
import {duration, type Frame, percent} from './data.js';

export function Waits({frame: {cycles, chains, stalls}}: {readonly frame: Frame}): JSX.Element {
  if (cycles.length + chains.length + stalls.length === 0) return <p class="empty">Nobody waits for anybody.</p>;
  return (
    <>
      {cycles.map(({tasks, waits, sinceMs}) => (
        <Flow
          key={tasks.join()}
          title={`Suspected deadlock, for ${duration(sinceMs)}`}
          tone="bad"
          tasks={[...tasks, tasks[0] as string]}
          waits={waits}
        />
      ))}
      {stalls.length > 0 && (
        <section>
          <h3>Who does not take what is sent to them</h3>
          <ul class="stalls">
            {stalls.map(({task, share}) => (
              <li key={task}>
                <span>{task}</span>
                <meter min={0} max={1} value={share} aria-label={`${task} holds ${percent(share)} of all waiting`} />
                <b>{percent(share)}</b>
              </li>
            ))}
          </ul>
        </section>
      )}
      {chains.map(({tasks, waits, sinceMs}) => (
        <Flow key={tasks.join()} title={`A chain, for ${duration(sinceMs)}`} tone="" tasks={tasks} waits={waits} />
      ))}
    </>
  );
}

interface FlowProps {
  readonly title: string;
  readonly tone: string;
  readonly tasks: readonly string[];
  readonly waits: readonly string[];
}

const Flow = ({title, tone, tasks, waits}: FlowProps): JSX.Element => (
  <section class={`flow ${tone}`}>
    <h3>{title}</h3>
    <ol>
      {tasks.map((task, at) => (
        <li key={at}>
          <span class="task">{task}</span>
          {waits[at] !== undefined && at < tasks.length - 1 && <span class="for">waits for {waits[at]} ↓</span>}
        </li>
      ))}
    </ol>
  </section>
);
