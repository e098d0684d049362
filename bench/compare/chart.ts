import type { Book } from './book.ts';
import { DESIGNS, DIRECT, POLL, PUSH, STREAM } from './names.ts';

interface Panel {
  readonly title: string;
  readonly scene: string;
  readonly quantity: string;
}

const PANELS: readonly Panel[] = [
  { title: 'Small GET, one at a time (requests a second)', scene: 'small 1', quantity: 'req/s' },
  { title: 'Small GET, 32 at once (requests a second)', scene: 'small 32', quantity: 'req/s' },
  { title: '1 MB down (MB a second)', scene: 'down 1 MB', quantity: 'MB/s' },
  { title: '1 MB up (MB a second)', scene: 'up 1 MB', quantity: 'MB/s' },
];

const OURS = new Set([POLL, PUSH, STREAM]);
/** Grey and blue that are read on white and on near black alike; the background is whatever is behind. */
const INK = '#7d8590';
const PEER = '#8c959f';
const OURS_INK = '#2f81f7';

const WIDTH = 760;
const LABEL_WIDTH = 210;
const VALUE_WIDTH = 80;
const BAR_HEIGHT = 16;
const LINE_HEIGHT = 22;
const TITLE_HEIGHT = 34;

/** The run as a picture: bars from zero, a panel a quantity. What came without a tunnel is a number, for it would dwarf the rest. */
export function chart(book: Book, caption: string): string {
  const pieces: string[] = [];
  let y = 0;
  for (const panel of PANELS) {
    const bars = barsOf(book, panel);
    if (bars.length === 0) continue;
    const direct = book.value(panel.scene, DIRECT, panel.quantity);
    const beside = direct === undefined ? '' : `; without a tunnel ${show(direct)}`;
    pieces.push(text(0, y + 22, panel.title + beside, 'font-weight="600"'));
    y += TITLE_HEIGHT;
    const most = Math.max(...bars.map(({ value }) => value));
    for (const { name, value } of bars) {
      const width = Math.max(1, (value / most) * (WIDTH - LABEL_WIDTH - VALUE_WIDTH));
      const colour = OURS.has(name) ? OURS_INK : PEER;
      const middle = y + BAR_HEIGHT - 4;
      pieces.push(text(LABEL_WIDTH - 10, middle, name, 'text-anchor="end"'));
      pieces.push(
        `<rect x="${LABEL_WIDTH}" y="${y}" width="${width.toFixed(1)}" height="${BAR_HEIGHT}" rx="2" fill="${colour}"/>`,
      );
      pieces.push(text(LABEL_WIDTH + width + 8, middle, show(value), ''));
      y += LINE_HEIGHT;
    }
    y += 10;
  }
  pieces.push(text(0, y + 16, caption, 'font-size="11"'));
  const height = y + 26;
  const head = `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeXml(caption)}" font-family="system-ui, sans-serif" font-size="13">`;
  return `${head}\n${pieces.join('\n')}\n</svg>\n`;
}

function barsOf(book: Book, { scene, quantity }: Panel): readonly { readonly name: string; readonly value: number }[] {
  return DESIGNS.filter((name) => name !== DIRECT).flatMap((name) => {
    const value = book.value(scene, name, quantity);
    return value === undefined ? [] : [{ name, value }];
  });
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${x.toFixed(1)}" y="${y}" fill="${INK}" ${attributes}>${escapeXml(content)}</text>`;
}

function show(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: value < 100 ? 1 : 0 });
}

function escapeXml(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
