/** What is wrong with an iCalendar file, and in which line; `readIcal` makes a value of it. */
export class IcalProblem extends Error {
  readonly line: number;
  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}
