import { isKnownFilter, isKnownTest } from './builtins.ts';
import type { JinjaToken } from './tokens.ts';
import { TemplateFault } from './fault.ts';

/** A name that an expression reads, with the attributes behind it: `ds.meta_data['rack']` is ds, meta_data, rack. */
export interface JinjaReference {
  path: readonly string[];
  offset: number;
  /** A default, or the question whether it is defined, follows at once. */
  use: 'plain' | 'defaulted' | 'asked';
}

const constants = new Set(['true', 'false', 'none', 'True', 'False', 'None']);
const comparisons = new Set(['==', '!=', '<', '<=', '>', '>=']);
const binaryLevels: readonly (readonly string[])[] = [['+', '-'], ['~'], ['*', '/', '//', '%'], ['**']];

/** Reads the words of one tag as jinja2/parser.py does. Each method ends behind what it has read. */
export class JinjaExpressions {
  readonly references: JinjaReference[] = [];
  readonly #words: readonly JinjaToken[];
  readonly #end: number;
  #at = 0;

  /** @param end where the tag ends, for faults there */
  constructor(words: readonly JinjaToken[], end: number) {
    this.#words = words;
    this.#end = end;
  }

  /** Nothing may follow. */
  finish(): void {
    if (this.#at < this.#words.length) throw this.fault('does not end where it should');
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#words.length;
  }

  fault(message: string): TemplateFault {
    return new TemplateFault(message, this.#words[this.#at]?.offset ?? this.#end);
  }

  isNext(kind: JinjaToken['kind'], value: string): boolean {
    const next = this.#words[this.#at];
    return next?.kind === kind && next.value === value;
  }

  take(kind: JinjaToken['kind'], value: string): boolean {
    if (!this.isNext(kind, value)) return false;
    this.#at += 1;
    return true;
  }

  expect(kind: JinjaToken['kind'], value: string): void {
    if (!this.take(kind, value)) throw this.fault(`expected ${value}`);
  }

  name(): string {
    const next = this.#words[this.#at];
    if (next?.kind !== 'name') throw this.fault('expected a name');
    this.#at += 1;
    return next.value;
  }

  /** One or more expressions, with commas. */
  tuple(): void {
    this.conditional();
    while (this.take('operator', ',')) if (this.#beginsExpression()) this.conditional();
  }

  conditional(): void {
    this.or();
    while (this.take('name', 'if')) {
      this.or();
      if (this.take('name', 'else')) this.conditional();
    }
  }

  or(): void {
    do this.#and();
    while (this.take('name', 'or'));
  }

  #and(): void {
    do this.#not();
    while (this.take('name', 'and'));
  }

  #not(): void {
    while (this.take('name', 'not'));
    this.#comparison();
  }

  #comparison(): void {
    this.#binary(0);
    for (;;) {
      const next = this.#words[this.#at];
      const isNotIn = this.isNext('name', 'not') && this.#words[this.#at + 1]?.value === 'in';
      if (next?.kind === 'operator' && comparisons.has(next.value)) this.#at += 1;
      else if (isNotIn) this.#at += 2;
      else if (!this.take('name', 'in')) return;
      this.#binary(0);
    }
  }

  #binary(level: number): void {
    const operators = binaryLevels[level];
    if (operators === undefined) return this.#unary(true);
    this.#binary(level + 1);
    for (;;) {
      const next = this.#words[this.#at];
      if (next?.kind !== 'operator' || !operators.includes(next.value)) return;
      this.#at += 1;
      this.#binary(level + 1);
    }
  }

  #unary(withFilters: boolean): void {
    if (this.take('operator', '-') || this.take('operator', '+')) this.#unary(false);
    else this.primary();
    this.#postfix();
    if (withFilters) this.filters();
  }

  primary(): void {
    const next = this.#words[this.#at];
    if (next === undefined) throw this.fault('expected an expression');
    this.#at += 1;
    if (next.kind === 'number') return;
    if (next.kind === 'string') {
      while (this.#words[this.#at]?.kind === 'string') this.#at += 1;
      return;
    }
    if (next.kind === 'name') {
      if (!constants.has(next.value)) this.#reference(next);
      return;
    }
    if (next.value === '(') return this.#list(')');
    if (next.value === '[') return this.#list(']');
    if (next.value === '{') return this.#pairs();
    this.#at -= 1;
    throw this.fault('not an expression');
  }

  #reference({ value, offset }: JinjaToken): void {
    const path = [value];
    for (let step = this.#constantStep(); step !== undefined; step = this.#constantStep()) path.push(step);
    this.references.push({ path, offset, use: this.#useOfNext() });
  }

  /** `.name` or `['name']`, if that comes next. */
  #constantStep(): string | undefined {
    const [dot, key, bracket] = this.#words.slice(this.#at, this.#at + 3);
    if (dot?.value === '.' && dot.kind === 'operator' && key?.kind === 'name') {
      this.#at += 2;
      return key.value;
    }
    const isKey = dot?.value === '[' && dot.kind === 'operator' && key?.kind === 'string' && bracket?.value === ']';
    if (!isKey) return undefined;
    this.#at += 3;
    return key.value;
  }

  #useOfNext(): JinjaReference['use'] {
    const [sign, ...names] = this.#words.slice(this.#at, this.#at + 3).map(({ value }) => value);
    const [first = '', second = ''] = names;
    if (sign === '|' && (first === 'default' || first === 'd')) return 'defaulted';
    const asked = first === 'not' ? second : first;
    return sign === 'is' && (asked === 'defined' || asked === 'undefined') ? 'asked' : 'plain';
  }

  #postfix(): void {
    for (;;) {
      if (this.take('operator', '.')) {
        if (this.#words[this.#at]?.kind === 'number') this.#at += 1;
        else this.name();
      } else if (this.take('operator', '[')) this.#subscript();
      else if (this.isNext('operator', '(')) this.call();
      else return;
    }
  }

  #subscript(): void {
    do {
      while (this.take('operator', ':'));
      if (!this.isNext('operator', ']') && !this.isNext('operator', ',')) this.conditional();
      while (this.take('operator', ':')) {
        if (!this.isNext('operator', ']') && !this.isNext('operator', ':')) this.conditional();
      }
    } while (this.take('operator', ','));
    this.expect('operator', ']');
  }

  /** `| filter(…)` and `is test …`, any number of them. */
  filters(): void {
    for (;;) {
      if (this.take('operator', '|')) this.#filter();
      else if (this.take('name', 'is')) this.#test();
      else if (this.isNext('operator', '(')) this.call();
      else return;
    }
  }

  #filter(): void {
    const fault = this.fault('a filter that jinja does not have');
    if (!isKnownFilter(this.name())) throw fault;
    if (this.isNext('operator', '(')) this.call();
  }

  #test(): void {
    this.take('name', 'not');
    const fault = this.fault('a test that jinja does not have');
    if (!isKnownTest(this.name())) throw fault;
    if (this.isNext('operator', '(')) return this.call();
    const next = this.#words[this.#at];
    const isWord = next?.kind === 'name' && !['else', 'or', 'and', 'is', 'if', 'in', 'not'].includes(next.value);
    const begins =
      isWord || next?.kind === 'string' || next?.kind === 'number' || ['[', '{'].includes(next?.value ?? '');
    if (!begins) return;
    this.primary();
    this.#postfix();
  }

  call(): void {
    this.expect('operator', '(');
    while (!this.take('operator', ')')) {
      if (!this.take('operator', '*')) this.take('operator', '**');
      if (this.#words[this.#at]?.kind === 'name' && this.#words[this.#at + 1]?.value === '=') this.#at += 2;
      this.conditional();
      if (!this.isNext('operator', ')')) this.expect('operator', ',');
    }
  }

  #list(end: ')' | ']'): void {
    while (!this.take('operator', end)) {
      this.conditional();
      if (!this.isNext('operator', end)) this.expect('operator', ',');
    }
  }

  #pairs(): void {
    while (!this.take('operator', '}')) {
      this.conditional();
      this.expect('operator', ':');
      this.conditional();
      if (!this.isNext('operator', '}')) this.expect('operator', ',');
    }
  }

  #beginsExpression(): boolean {
    const next = this.#words[this.#at];
    if (next === undefined || this.isNext('name', 'in') || this.isNext('name', 'if')) return false;
    return next.kind !== 'operator' || ['(', '[', '{', '-', '+'].includes(next.value);
  }
}
