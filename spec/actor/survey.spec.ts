// The messages of a survey: it sends an actor those that are needed, and no others.
import type {Actor} from '../../lib/actor/actor.js';
import {askSurvey, survey, surveyOf} from '../../lib/actor/survey.js';
import {replaceTime} from '../../lib/base/clock.js';
import {current} from '../../lib/base/current.js';
import {rowsOf} from '../../lib/base/packed-survey.js';
import {openNursery, task} from '../../lib/index.js';
import {Kind} from '../../lib/msg/types.js';
import {test} from '../kit/limited.js';
import {over} from '../kit/over-pair.js';
import {patient} from '../kit/patient.js';

const rest = task(() => new Promise<never>(() => {}), {module: import.meta.url, name: 'rest'});

test.serial('actors of one process are read where they are: no message goes to them', async t => {
  await openNursery(async nursery => {
    for (const name of ['left', 'right']) await nursery.startActor(name, {backend: 'inline', expose: [rest]});
    const root = current()?.runtime as Actor;
    const sent: Kind[] = [];
    for (const channel of root.channels) channel.send = kind => void sent.push(kind);
    const rows = await surveyOf(root);
    for (const channel of root.channels) Reflect.deleteProperty(channel, 'send');
    t.deepEqual(sent, []);
    t.deepEqual(
      rows.map(({actor, depth, state}) => [actor.name, depth, state]),
      [
        ['root', 0, ''],
        ['left', 1, ''],
        ['right', 1, ''],
      ],
    );
  }, patient);
});

over(
  'an actor that answers is not asked for a sign of life besides',
  async (t, {near, far}) => {
    far.actor.exposed.allow(survey);
    const urgent: Kind[] = [];
    const send = near.channel.sendUrgent.bind(near.channel);
    near.channel.sendUrgent = (kind, ...rest) => {
      urgent.push(kind);
      send(kind, ...rest);
    };
    // No time passes: a machine that does other work may take longer than an actor is given.
    const goOn = replaceTime(real => ({...real, setTimeout: (() => real.setTimeout(() => {}, 0)) as never}));
    const parts = await askSurvey(near, {budget: 1_000, contexts: 'all'}, 1).finally(goOn);
    t.like(rowsOf(parts)[0], {state: '', depth: 1});
    t.false(urgent.includes(Kind.Ping));
  },
  test.serial,
);
