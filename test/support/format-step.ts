/** A step to the next format for tests: what pods call `spec.note` is called `spec.remark` from then on. */
import { decodeBody, encodeBody } from '../../functions/store/body.ts';
import { Formats, type FormatItem, type FormatStep } from '../../functions/store/format.ts';

function renaming(from: string, to: string): (item: FormatItem) => Uint8Array {
  return ({ key, body }) => {
    const object = decodeBody(body, key.name) as { spec?: Record<string, unknown> };
    const { [from]: value, ...spec } = object.spec ?? {};
    return value === undefined ? body : encodeBody(JSON.stringify({ ...object, spec: { ...spec, [to]: value } }));
  };
}

const remarkStep: FormatStep = {
  since: '9.9.0',
  title: 'notes of pods are called remarks',
  concerns: (resource) => resource === 'pods',
  up: renaming('note', 'remark'),
  down: renaming('remark', 'note'),
};

const bodyOf = ({ body }: FormatItem): Uint8Array => body;

/** Formats of a version before the step, and of one with it. */
export const oldFormats = new Formats([]);
export const newFormats = new Formats([remarkStep]);

/** Formats of a version after this one, which knows one step more. */
export const laterFormats = new Formats([{ since: '0.1.0', title: 'one', concerns: () => false, up: bodyOf, down: bodyOf }, remarkStep]);
