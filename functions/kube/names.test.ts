import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { seededRandom } from '../../test/support/virtual-world.ts';
import {
  configKeyErrors,
  dns1035LabelErrors,
  dnsLabelErrors,
  declaredSubdomainErrors,
  dnsSubdomainErrors,
  environmentNameErrors,
  generatedName,
  labelValueErrors,
  pathSegmentErrors,
  portNameErrors,
  portNumberErrors,
  qualifiedNameErrors,
} from './names.ts';

const subdomain =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const label =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const label1035 =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const keyName =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const labelValue =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

const long = (length: number): string => 'a'.repeat(length);

describe('names', () => {
  const cases: [string, (name: string) => string[], string, string[]][] = [
    ['subdomain', dnsSubdomainErrors, 'web-1.example.com', []],
    ['subdomain', dnsSubdomainErrors, 'Web', [subdomain]],
    ['subdomain', dnsSubdomainErrors, 'web\n', [subdomain]],
    ['subdomain', dnsSubdomainErrors, long(254), ['must be no more than 253 characters']],
    ['declared subdomain', declaredSubdomainErrors, long(254), ['must be no more than 253 bytes']],
    ['label', dnsLabelErrors, 'web-1', []],
    ['label', dnsLabelErrors, 'a.b', ['must not contain dots']],
    ['label', dnsLabelErrors, 'a_b', [label]],
    ['label', dnsLabelErrors, long(64), ['must be no more than 63 characters']],
    ['DNS-1035 label', dns1035LabelErrors, '1a', [label1035]],
    ['qualified name', qualifiedNameErrors, 'example.com/a_B', []],
    ['qualified name', qualifiedNameErrors, '/a', ['prefix part must be non-empty']],
    ['qualified name', qualifiedNameErrors, 'Example.com/a', [`prefix part ${subdomain}`]],
    [
      'qualified name',
      qualifiedNameErrors,
      'a/b/c',
      [`a valid label key ${keyName} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`],
    ],
    ['qualified name', qualifiedNameErrors, '', ['name part must be non-empty', `name part ${keyName}`]],
    ['qualified name', qualifiedNameErrors, long(64), ['name part must be no more than 63 bytes']],
    ['label value', labelValueErrors, '', []],
    ['label value', labelValueErrors, '-', [labelValue]],
    ['label value', labelValueErrors, long(64), ['must be no more than 63 bytes']],
    ['port name', portNameErrors, 'http', []],
    [
      'port name',
      portNameErrors,
      '8--',
      ['must contain at least one letter (a-z)', 'must not contain consecutive hyphens', 'must not begin or end with a hyphen'],
    ],
    ['path segment', pathSegmentErrors, 'system:node', []],
    ['path segment', pathSegmentErrors, '..', ["may not be '..'"]],
    ['path segment', pathSegmentErrors, 'a/b%', ["may not contain '/'", "may not contain '%'"]],
    ['config key', configKeyErrors, 'a.b_C-1', []],
    ['config key', configKeyErrors, '..a', ["must not start with '..'"]],
    ['environment name', environmentNameErrors, 'A b', []],
    [
      'environment name',
      environmentNameErrors,
      'A=B',
      ["a valid environment variable name must consist only of printable ASCII characters other than '='"],
    ],
  ];
  for (const [what, errorsOf, name, expected] of cases) {
    test(`${JSON.stringify(name.slice(0, 20))} as ${what}`, () => assert.deepEqual(errorsOf(name), expected));
  }

  test('ports are between 1 and 65535', () => {
    assert.deepEqual(portNumberErrors(80), []);
    assert.deepEqual(portNumberErrors(0), ['must be between 1 and 65535, inclusive']);
  });

  test('generated names have five characters more, and never more than 63', () => {
    const random = seededRandom(1);
    assert.match(generatedName('web-', random), /^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    assert.equal(generatedName(long(100), random).length, 63);
    assert.notEqual(generatedName('web-', random), generatedName('web-', random));
  });
});
