const CONTROL = '\u001B[';

/**
 * As much of a terminal as the live view needs: printing, newline, carriage return, cursor up, clear below, wrapping
 * and scrolling. Styles are dropped. Throws on any other control sequence, so that nothing goes unseen.
 */
export class TerminalScreen {
  readonly #columns: number;
  readonly #rows: number;
  readonly #lines: string[] = [''];
  #row = 0;
  #column = 0;

  constructor(columns: number, rows: number) {
    this.#columns = columns;
    this.#rows = rows;
  }

  write(text: string): void {
    for (let rest = text; rest !== '';) {
      const sequence = rest.startsWith(CONTROL) ? /^..(\d*)([A-Za-z])/.exec(rest) : null;
      if (sequence !== null) {
        this.#control(sequence[2] ?? '', Number(sequence[1]));
        rest = rest.slice(sequence[0].length);
        continue;
      }
      const [character = ''] = rest;
      this.#put(character);
      rest = rest.slice(character.length);
    }
  }

  /** Everything ever printed and not cleared, top to bottom, without the empty line the cursor is on. */
  lines(): readonly string[] {
    const last = this.#lines.at(-1) === '' ? -1 : undefined;
    return this.#lines.slice(0, last).map((line) => line.trimEnd());
  }

  #put(character: string): void {
    if (character === '\r') this.#column = 0;
    else if (character === '\n') this.#newline();
    else if (character === '\u001B') throw new RangeError('an escape sequence the screen does not know');
    else {
      if (this.#column === this.#columns) this.#newline();
      const line = (this.#lines[this.#row] ?? '').padEnd(this.#column);
      this.#lines[this.#row] = line.slice(0, this.#column) + character + line.slice(this.#column + 1);
      this.#column += 1;
    }
  }

  #newline(): void {
    this.#row += 1;
    this.#column = 0;
    if (this.#row === this.#lines.length) this.#lines.push('');
  }

  /** The cursor cannot go above the top of the window: what has scrolled out is out of reach. */
  #control(name: string, count: number): void {
    const top = Math.max(0, this.#lines.length - this.#rows);
    if (name === 'A') this.#row = Math.max(top, this.#row - count);
    else if (name === 'J') {
      this.#lines.length = this.#row + 1;
      this.#lines[this.#row] = (this.#lines[this.#row] ?? '').slice(0, this.#column);
    } else if (name !== 'm') throw new RangeError(`an escape sequence the screen does not know: ${name}`);
  }
}
