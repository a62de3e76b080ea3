/** The JSON of a server's answer, or why there is none in the words of client-go. */
import { boundedJson } from '../../kube/bounded-json.ts';
import { parseJson } from '../../kube/json-document.ts';

export class UnreadableAnswer extends Error {
  override name = 'UnreadableAnswer';
}

const goTypeMeta =
  'Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

/** The error for an answer whose JSON is not an object. */
export const notAnObject = (type: string, cause?: unknown): UnreadableAnswer =>
  new UnreadableAnswer(`couldn't get version/kind; json parse error: json: cannot unmarshal ${type} into ${goTypeMeta}`, { cause });

/** Throws an UnreadableAnswer for a text that is no JSON. */
export function answerJson(text: string, status: number, contentType: string | undefined): unknown {
  if (text === '') throw new UnreadableAnswer(`0-length response with status code: ${status} and content type: ${contentType ?? ''}`);
  try {
    return boundedJson(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // YAML is taken as well, in which a word is a text.
    if (!/^\s*[[{]/.test(text)) throw notAnObject('string', error);
    throw new UnreadableAnswer(`couldn't get version/kind; json parse error: ${goProblem(text)}`, { cause: error });
  }
}

/** What Go reports of a text that is no JSON. */
function goProblem(text: string): string {
  try {
    parseJson(text);
    return '';
  } catch (error) {
    if (error instanceof Error) return error.message;
    throw error;
  }
}
