/** Expressions made by chance: well-formed ones over the fields of `probe.ts`, and damaged ones. */
import type { Choice } from '../compare/cases/random.ts';

type Sort = 'text' | 'number' | 'list' | 'numbers' | 'truth';

/** A word in braces is a part of that sort: `{text}`. */
const leaves: Readonly<Record<Sort, readonly string[]>> = {
  text: ['self.text', 'self.short', 'self.choice', '"a"', '"hello"', "''", 'self.part.name', 'r"\\d"', '"日本"'],
  number: ['self.count', 'self.zero', '1', '0', '-2', 'self.part.size', '9223372036854775807', '-9223372036854775808'],
  list: ['self.list', 'self.few', '["a","b"]', '[]'],
  numbers: ['self.numbers', '[1,2,3]', 'self.part.items.map(x, x.value)'],
  truth: ['self.flag', 'true', 'false', 'has(self.text)', 'has(self.part.name)', 'has(self.none)', 'self == oldSelf'],
};

const forms: Readonly<Record<Sort, readonly string[]>> = {
  text: [
    '{text} + {text}',
    '{text}.replace({text}, {text})',
    '{list}[{number}]',
    '{list}.join({text})',
    'self.labels[{text}]',
    'string({number})',
    '{text}.lowerAscii()',
    '({truth} ? {text} : {text})',
    'self.?text.orValue({text})',
    '{text}.substring({number})',
    '"%s-%d".format([{text}, {number}])',
    '{text}.find("[a-z]+")',
    'self.part.items[{number}].key',
    'quantity({text})',
    'url({text}).getHost()',
    'base64.encode(bytes({text}))',
  ],
  number: [
    '({number} + {number})',
    '({number} * {number})',
    '({number} / {number})',
    '({number} % {number})',
    '-{number}',
    'size({list})',
    '{text}.size()',
    '{numbers}.sum()',
    '{numbers}.max()',
    '{text}.indexOf({text})',
    'self.counts[{text}]',
    'self.time.getFullYear()',
    'self.wait.getMinutes()',
    'int({text})',
    'self.either',
    '{list}.indexOf({text})',
  ],
  list: [
    '({list} + {list})',
    '{list}.filter(x, x == {text})',
    '{list}.map(x, x + {text})',
    '{text}.split({text})',
    'self.labels.map(k, k)',
    '{list}.sort()',
    '{list}.slice(0, {number})',
    '{list}.distinct()',
    '[{text}, {text}]',
    'self.labels.transformList(k, v, k + v)',
    '{list}.reverse()',
    '{text}.findAll("[a-c]")',
  ],
  numbers: [
    '({numbers} + {numbers})',
    '{numbers}.map(x, x + {number})',
    '{numbers}.filter(x, x > {number})',
    '{list}.map(x, x.size())',
    'self.counts.map(k, self.counts[k])',
    'lists.range({number})',
  ],
  truth: [
    '({truth} && {truth})',
    '({truth} || {truth})',
    '!({truth})',
    '{number} < {number}',
    '{number} == {number}',
    '{text} != {text}',
    '{list}.all(x, x.contains({text}))',
    '{list}.exists_one(x, x in {list})',
    '{text} in {list}',
    '{list} == {list}',
    '{text}.matches({text})',
    '{list}.isSorted()',
    'sets.contains({list}, {list})',
    'self.labels.all(k, v, v != {text})',
    'type(self.either) == int',
    'self.wait > duration({text})',
    'self.time < timestamp("2025-01-01T00:00:00Z")',
    'isQuantity({text})',
    'self.part == self.part',
    '{number} + {text} == 1',
    'cel.bind(a, {list}, a.size() > 1)',
    '{list}.all(x, {list}.all(y, {list}.all(z, x + y != z)))',
    'ip({text}).family() == 4',
    'semver({text}).isLessThan(semver("1.0.0"))',
  ],
};

const isSort = (text: string): text is Sort => Object.hasOwn(leaves, text);

function expression(choice: Choice, sort: Sort, depth: number): string {
  const form = depth <= 0 || choice.next() < 0.2 ? choice.of(leaves[sort]) : choice.of(forms[sort]);
  return form.replaceAll(/\{(\w+)\}/g, (all, part: string) => (isSort(part) ? expression(choice, part, depth - 1) : all));
}

const pieces = [
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  '"',
  "'",
  '\\',
  '.',
  '?',
  ':',
  ',',
  '&&',
  '||',
  '!',
  '-',
  '0x',
  '1e999',
  '\u0000',
  '\ud800',
  '//',
  '.all(x,',
  'self',
  ' in ',
];

/** A few characters are taken away, repeated, or others put in. */
function damaged(choice: Choice, text: string): string {
  let result = text;
  for (let count = 1 + choice.below(3); count > 0; count -= 1) {
    const at = choice.below(result.length + 1);
    const length = choice.below(8);
    const put = choice.of(['', result.slice(at, at + length).repeat(2), choice.of(pieces)]);
    result = result.slice(0, at) + put + result.slice(at + length);
  }
  return result;
}

const nestedMax = 400;

/** Deep or long ones, which parsers that recurse may not bear. */
const large = (choice: Choice): string => {
  const count = 1 + choice.below(nestedMax);
  return choice.of([
    '('.repeat(count) + 'true' + ')'.repeat(count),
    '!'.repeat(count) + 'true',
    '-'.repeat(count) + '1 == 1',
    '['.repeat(count) + ']'.repeat(count),
    Array.from({ length: count }, () => 'true').join(' || '),
    Array.from({ length: count }, () => '1').join(' + '),
    'self' + '.part'.repeat(count),
    'true ? '.repeat(count) + 'true' + ' : false'.repeat(count),
    `"${'x'.repeat(count * 20)}" == self.text`,
    '[1].all(x, '.repeat(count) + 'true' + ')'.repeat(count),
  ]);
};

export function madeExpression(choice: Choice): string {
  const chance = choice.next();
  if (chance < 0.05) return large(choice);
  const made = expression(choice, 'truth', 1 + choice.below(4));
  return chance < 0.35 ? damaged(choice, made) : made;
}
