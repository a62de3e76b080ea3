/** What an apply sends, and the object that it makes of the current one. Source: apiserver, pkg/endpoints/handlers/patch.go, applyPatcher. */
import { DocumentError } from '../../kube/document-error.ts';
import { tooLargeNumber, type JsonDocument, parseJson } from '../../kube/json-document.ts';
import { type JsonObject, type KubeObject, isJsonObject } from '../../kube/object.ts';
import { uidOf } from '../../kube/object.ts';
import { jsonType } from '../../kube/schema-walk.ts';
import { badRequest, conflict, hasReason, plainError, StatusError } from '../../kube/status-error.ts';
import { parseYaml, yamlDuplicates } from '../../kube/yaml-document.ts';
import { mediaTypeOf, readBytes } from '../http/request-body.ts';
import { expectedOf } from '../server.ts';
import { configurationText, kindText, textAt } from './apply-text.ts';
import { keepSentManagers, withMetadata } from './decode.ts';
import type { AppliedObject } from '../ports.ts';
import { applyFields } from './managed-fields.ts';
import { isCustom } from './object-metadata.ts';
import { fromStored } from './served-form.ts';
import type { WriteRequest } from './write-request.ts';

export const isApply = (request: Request): boolean => mediaTypeOf(request) === 'application/apply-patch+yaml';

export interface Configuration {
  readonly object: JsonObject;
  /** The problem for which strict validation refuses the document. */
  readonly problem: string | undefined;
}

export async function readConfiguration(request: Request): Promise<Configuration> {
  const text = Buffer.from(await readBytes(request)).toString('utf8');
  const { value, duplicates } = await documentOf(text);
  const problem = duplicates.length === 0 ? undefined : await duplicateProblem(text);
  if (value === null) return { object: {}, problem };
  if (isJsonObject(value)) return { object: value, problem };
  const why = `json: cannot unmarshal ${jsonType(value)} into Go value of type map[string]interface {}`;
  throw badRequest(`error decoding patch: error unmarshaling JSON: while decoding JSON: ${why}`);
}

/** Most clients send JSON, which needs no library. */
async function documentOf(text: string): Promise<JsonDocument> {
  if (/^\s*\{/.test(text)) {
    try {
      const document = parseJson(text);
      // YAML reads a number that is too large as text.
      if (tooLargeNumber(document.numbers) === undefined) return document;
    } catch (error) {
      if (!(error instanceof DocumentError)) throw error;
    }
  }
  try {
    return await parseYaml(text);
  } catch (error) {
    if (error instanceof DocumentError)
      throw new StatusError(400, 'BadRequest', `error encoding patch: ${error.message}`, { cause: error });
    throw error;
  }
}

/** The problem of a duplicate key, in Go's words. */
async function duplicateProblem(text: string): Promise<string> {
  const lines = (await yamlDuplicates(text)).map(({ key, line }) => `  line ${line}: key ${JSON.stringify(key)} already set in map`);
  return `error converting YAML to JSON: yaml: unmarshal errors:\n${lines.join('\n')}`;
}

/** In the version that the client speaks. It shares nothing with `current`. */
export function appliedObject(
  write: WriteRequest,
  { object: configuration, problem }: Configuration,
  current: KubeObject | undefined,
): KubeObject {
  const { definition, served, info, warnings } = write.request;
  const applied = applyFields(write, configuration, current === undefined ? undefined : fromStored(served, current));
  if (problem !== undefined && write.options.fieldValidation === 'Strict') throw badRequest(`error strict decoding patch: ${problem}`);
  if (problem !== undefined && write.options.fieldValidation === 'Warn') warnings.add(problem);
  const object = decoded(write, applied, configuration);
  if (current === undefined && uidOf(object) !== '') {
    const why = `uid mismatch: the provided object specified uid ${uidOf(object)}, and no existing object was found`;
    throw conflict(definition.type, info.name, why);
  }
  return object;
}

/** A custom object that is not changed gets no defaults: it is that of another version. */
function decoded({ request }: WriteRequest, { object: document, isChanged }: AppliedObject, configuration: JsonObject): KubeObject {
  const { schema, kind } = expectedOf(request);
  const hasDefaults = isChanged || !isCustom(request.definition);
  try {
    return keepSentManagers(
      document,
      withMetadata(schema.decode(document, { kind, isRestored: true, isSent: true, keepsEmpty: true, hasDefaults }).object),
    );
  } catch (error) {
    if (!hasReason(error, 'BadRequest')) throw error;
    // The sentence about the kind is for bodies.
    const why = error.message.replace(/^.* cannot be handled as a \w+: /, '');
    const what = kindText(textAt(configuration, 'apiVersion'), kind);
    throw plainError(
      `failed to convert new object (${configurationText(configuration)}) to proper version: unable to convert unstructured object to ${what}: ${why}`,
    );
  }
}
