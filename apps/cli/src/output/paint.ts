/** Colours by meaning: commands say what a text is, this table how that looks. */
import { styleText } from 'node:util';
import type { Screen } from './screen.ts';

const LOOK = {
  /** Permitted, passed, running. */
  good: 'green',
  /** Denied, failed, an error. */
  bad: 'red',
  /** Works, but somebody should look. */
  warning: 'yellow',
  /** The head of a table or a section. */
  title: 'bold',
  /** What to do next. */
  hint: 'cyan',
  /** Beside the point: places, ids, paths. */
  aside: 'dim',
} as const;

export type Meaning = keyof typeof LOOK;

/** The text as the screen shows that meaning; as it is where there are no colours. */
export function paint(text: string, meaning: Meaning | undefined, screen: Screen): string {
  return screen.colour && meaning !== undefined && text !== ''
    ? styleText(LOOK[meaning], text, { validateStream: false })
    : text;
}

/** Colours the `✓` or `✗` with which lines begin. */
export function paintMarks(text: string, screen: Screen): string {
  return text.replace(/^[✓✗]/gm, (mark) => paint(mark, mark === '✓' ? 'good' : 'bad', screen));
}
