// The page of `rxtractor devtools`: the tree beside one actor. Everything that comes from the tree is put into text nodes.
import {type JSX, render} from 'preact';
import {useEffect, useMemo, useRef, useState} from 'preact/hooks';
import {otherHosts, sumsOf} from '../tree-sums.js';
import {Charts} from './charts.js';
import {type ActorFrame, type Frame, megabytes, percent, useAbout, useContexts, useFrames} from './data.js';
import {Detail, Figure} from './detail.js';
import {Marbles} from './marbles.js';
import {rowsOf, stallMs, Tree} from './tree.js';
import {Waits} from './waits.js';

const tabs = ['Actor', 'Waits', 'Marbles', 'Charts'] as const;
type Tab = (typeof tabs)[number];

function Page(): JSX.Element {
  const about = useAbout();
  const [selected, select] = useState<string>();
  const [tab, setTab] = useState<Tab>('Actor');
  const [filter, setFilter] = useState('');
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const [at, setAt] = useState<number>();
  const search = useRef<HTMLInputElement>(null);
  const isRecord = about?.mode === 'recorded';
  const {frames, memory, over} = useFrames(isRecord ? undefined : selected);
  const contexts = useContexts(isRecord ? selected : undefined);
  // While another actor is being opened, the frame before stays.
  const last = useRef<Frame>(undefined);
  const moment = at ?? frames.length - 1;
  const frame = frames[moment] ?? last.current;
  last.current = frame;
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.key !== '/' || event.target instanceof HTMLInputElement) return;
      event.preventDefault();
      search.current?.focus();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, []);
  const rows = useMemo(
    () => (frame ? rowsOf(frame.root, isRecord ? new Map() : memory.ended, folded, filter) : []),
    [frame, folded, filter],
  );
  if (!frame || !about)
    return (
      <p class="loading" role="status">
        {over ?? 'Looking at the tree …'}
      </p>
    );
  const open = rows.find(({actor}) => actor.id === selected)?.actor ?? frame.root;
  // A row that has not changed keeps the function of an earlier drawing, so the latest state is asked for.
  const fold = (id: string, isFolded: boolean): void =>
    setFolded(before => {
      const next = new Set(before);
      if (isFolded) next.add(id);
      else next.delete(id);
      return next;
    });
  return (
    <>
      <Header frame={frame} mode={about.mode} over={over} showWaits={() => setTab('Waits')} />
      {isRecord && (
        <label class="slider">
          <span>
            moment {moment + 1} of {frames.length}
          </span>
          <input
            type="range"
            min={0}
            max={Math.max(0, frames.length - 1)}
            value={moment}
            onInput={({currentTarget}) => setAt(Number(currentTarget.value))}
          />
        </label>
      )}
      <main>
        <section class="panel left" aria-label="Tree">
          <input
            ref={search}
            type="search"
            placeholder="Filter by name  ( / )"
            aria-label="Filter actors by name"
            value={filter}
            onInput={({currentTarget}) => setFilter(currentTarget.value)}
          />
          <Tree rows={rows} selected={open.id} select={select} fold={fold} />
          {frame.more > 0 && <p class="empty">… and {frame.more} more actors</p>}
        </section>
        <section class="panel right" aria-label={`Actor ${open.name}`}>
          <Tabs tab={tab} setTab={setTab} findings={frame.cycles.length} />
          <div role="tabpanel" id="tabpanel" aria-labelledby={`tab-${tab}`} tabIndex={0}>
            {tab === 'Actor' && (
              <Detail
                actor={open}
                frame={frame}
                contexts={isRecord ? (contexts?.[moment] ?? []) : frame.contexts}
                isControlled={about.control}
                isOpen={open.id === selected && (!isRecord || contexts !== undefined)}
                // A key may have selected another row since this was drawn: two that undid each other would draw for ever.
                openIt={() => select(before => (before === selected ? open.id : before))}
              />
            )}
            {tab === 'Waits' && <Waits frame={frame} />}
            {tab === 'Marbles' &&
              (about.mode === 'live' ? (
                <Marbles key={open.id} actor={open.id} nameOf={id => nameIn(frame.root, id) ?? 'elsewhere'} />
              ) : (
                <p class="empty">A record has no marbles: the values of streams are watched live.</p>
              ))}
            {tab === 'Charts' && (
              <Charts
                key={open.id}
                history={memory.histories.get(open.id)}
                at={frame.at}
                isLive={about.mode === 'live'}
              />
            )}
          </div>
        </section>
      </main>
    </>
  );
}

interface HeaderProps {
  readonly frame: Frame;
  readonly mode: string;
  readonly over: string | undefined;
  showWaits(): void;
}

function Header({frame, mode, over, showWaits}: HeaderProps): JSX.Element {
  const all = [...actorsIn(frame.root)];
  const {cpu, rss} = sumsOf(all);
  const hosts = otherHosts(all).length;
  const stalled = all.filter(actor => actor.stalledMs >= stallMs).length;
  return (
    <header>
      <h1>
        <Logo /> {frame.root.name} <small>pid {frame.root.pid}</small>
      </h1>
      <dl>
        <Figure name="actors" value={String(all.length + frame.more)} />
        <Figure name="cpu" value={percent(cpu)} />
        <Figure name="memory" value={megabytes(rss)} />
        {hosts > 0 && <Figure name="other hosts" value={String(hosts)} />}
        <Figure name="stalled" value={String(stalled)} tone={stalled > 0 ? 'warn' : ''} />
      </dl>
      {frame.cycles.length > 0 && (
        <button type="button" class="alarm" onClick={showWaits}>
          suspected deadlock
        </button>
      )}
      <span class={`live ${over ? 'bad' : mode}`} role="status">
        {over ?? mode}
      </span>
    </header>
  );
}

const Logo = (): JSX.Element => (
  <svg width="22" height="22" viewBox="0 0 22 22" aria-hidden="true">
    <path d="M11 5v6M11 11L4.5 17M11 11l6.5 6" stroke="currentColor" fill="none" stroke-width="1.6" />
    <circle cx="11" cy="4" r="3" class="dot1" />
    <circle cx="4" cy="17.5" r="3" class="dot2" />
    <circle cx="18" cy="17.5" r="3" class="dot3" />
  </svg>
);

interface TabsProps {
  readonly tab: Tab;
  readonly findings: number;
  setTab(tab: Tab): void;
}

function Tabs({tab, setTab, findings}: TabsProps): JSX.Element {
  const press = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length] as Tab;
    setTab(next);
    document.getElementById(`tab-${next}`)?.focus();
  };
  return (
    <div role="tablist" aria-label="What is shown" onKeyDown={press}>
      {tabs.map(name => (
        <button
          key={name}
          type="button"
          role="tab"
          id={`tab-${name}`}
          aria-selected={tab === name}
          aria-controls="tabpanel"
          tabIndex={tab === name ? 0 : -1}
          onClick={() => setTab(name)}
        >
          {name}
          {name === 'Waits' && findings > 0 && <b class="badge">{findings}</b>}
        </button>
      ))}
    </div>
  );
}

function* actorsIn(actor: ActorFrame): Generator<ActorFrame> {
  yield actor;
  for (const child of actor.children) yield* actorsIn(child);
}

function nameIn(root: ActorFrame, id: string): string | undefined {
  for (const actor of actorsIn(root)) if (actor.id === id) return actor.name;
  return undefined;
}

render(<Page />, document.getElementById('page') as HTMLElement);
