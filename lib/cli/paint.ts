/**
 * Colours of the command. A colour never stands alone: the text says the same.
 * Floor 10: below the commands; pure.
 */

const styles = {bold: [1, 22], dim: [2, 22], red: [31, 39], yellow: [33, 39], reverse: [7, 27]} as const;

export type Style = keyof typeof styles;

export function paint(style: Style, text: string, colours: boolean): string {
  const [on, off] = styles[style];
  return colours ? `\x1b[${on}m${text}\x1b[${off}m` : text;
}

const ofState: Readonly<Record<string, Style>> = {
  busy: 'yellow',
  unresponsive: 'red',
  'at a prompt': 'yellow',
  ending: 'dim',
  ended: 'dim',
  spawning: 'dim',
};

/** A line about something in a state. */
export function paintState(text: string, state: string, colours: boolean): string {
  const style = ofState[state];
  return style ? paint(style, text, colours) : text;
}
