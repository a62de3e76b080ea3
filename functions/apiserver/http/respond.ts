/** Turns what a verb answered into an HTTP response, in the form that the client accepts. */
import { eachConverted } from '../../kube/conversion-needed.ts';
import { apiVersionOf } from '../../kube/resource-type.ts';
import { plainError } from '../../kube/status-error.ts';
import type { AnyDefinition, ServedVersion } from '../../resources/definition.ts';
import type { Shown } from '../../store/json-text.ts';
import { isCustom } from '../registry/object-metadata.ts';
import type { ServedKind } from '../registry/resource-index.ts';
import { shownAs } from '../registry/served-form.ts';
import type { ResourceRequest, Server } from '../server.ts';
import { includeObjectOf, partialMetadata, tableOf } from '../table.ts';
import { type BodyEncoder, bodyEncoderOf, inYaml, type ResponseBody } from './body-encoder.ts';
import { type Negotiated, negotiate, wrongNumber } from './content-negotiation.ts';
import { isLongerThan, type ListHead, tooLargeAnswer } from './list-body.ts';

export interface ListMetadata {
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

export type Answer =
  /** An object of the request's definition. */
  | { readonly kind: 'object'; readonly code: number; readonly shown: Shown }
  | { readonly kind: 'list'; readonly list: readonly Shown[]; readonly metadata: ListMetadata }
  /** Anything else: a Status, a Scale, a review. It is sent as it is. */
  | { readonly kind: 'other'; readonly code: number; readonly object: object };

export async function respond(server: Server, request: ResourceRequest, answer: Answer): Promise<Response> {
  const { definition } = request;
  const negotiated = negotiate(request.request.headers.get('accept'), {
    forms: answer.kind !== 'other' || isStatus(answer.object),
    isCustom: isCustom(definition) && !(answer.kind === 'other' && isStatus(answer.object)),
  });
  const bytesMax = request.connection.answerBytesMax ?? Infinity;
  const encoder = await bodyEncoderOf(negotiated.encoding);
  const body = bodyOf(answer, request, { negotiated, encoder, nowMs: server.world.clock.now(), bytesMax });
  if (!(body instanceof ReadableStream) && isLongerThan(body, bytesMax)) throw tooLargeAnswer(bytesMax);
  const status = answer.kind === 'list' ? 200 : answer.code;
  const response = responseOf(body, encoder.contentType, status);
  return negotiated.encoding === 'yaml' ? inYaml(response) : response;
}

/** Status is never turned into another form. */
const statusKind = 'Status';
const isStatus = (object: object): boolean => 'kind' in object && object.kind === statusKind;

const responseOf = (body: ResponseBody, contentType: string, status: number): Response =>
  new Response(body, { status, headers: { 'content-type': contentType, 'cache-control': 'no-cache, private' } });

interface Presentation {
  readonly negotiated: Negotiated;
  readonly encoder: BodyEncoder;
  readonly nowMs: number;
  /** The largest answer. */
  readonly bytesMax: number;
}

function bodyOf(answer: Answer, request: ResourceRequest, { negotiated, encoder, nowMs, bytesMax }: Presentation): ResponseBody {
  if (answer.kind === 'other') return encoder.object(answer.object);
  const { definition, served, url } = request;
  const { form, metaVersion } = negotiated;
  switch (form) {
    case 'object':
      return answer.kind === 'list'
        ? encoder.list(listHead({ definition, served }, answer.metadata), shownListAs(served, answer.list), bytesMax)
        : encoder.shown(shownAs(served, answer.shown));
    case 'metadata':
      if (answer.kind === 'list') throw wrongNumber(true, `${goTypeOf(definition)}List`);
      return encoder.object(partialMetadata(definition, answer.shown.object, metaVersion));
    case 'metadata-list':
      if (answer.kind === 'object')
        throw isCustom(definition) ? plainError('content is not a list') : wrongNumber(false, goTypeOf(definition));
      return encoder.object(metadataList(definition, answer, metaVersion));
    case 'table': {
      const options = { metaVersion, includeObject: includeObjectOf(url.searchParams), nowMs, hasColumns: true };
      const shown = answer.kind === 'list' ? answer.list : [answer.shown];
      if (definition.isConvertedByWebhook === true) shownListAs(served, shown);
      const objects = shown.map(({ object }) => object);
      const metadata = answer.kind === 'list' ? answer.metadata : { resourceVersion: objects[0]?.metadata.resourceVersion };
      return encoder.object(tableOf({ definition, served }, objects, metadata, options));
    }
    default:
      return form satisfies never;
  }
}

/** The internal type of a kind: `core.ConfigMap`. Custom kinds share one. */
const goTypeOf = (definition: AnyDefinition): string =>
  isCustom(definition) ? 'unstructured.Unstructured' : `${definition.type.group.split('.')[0] || 'core'}.${definition.type.kind}`;

const shownListAs = (served: ServedVersion, list: readonly Shown[]): readonly Shown[] =>
  served.conversion === undefined ? list : eachConverted(list, (shown) => shownAs(served, shown));

/** Upstream keeps the lists of custom kinds as maps, which show an empty field too. */
const listHead = ({ definition, served: { type } }: ServedKind, { continue: token, ...metadata }: ListMetadata): ListHead => ({
  json: JSON.stringify({
    kind: definition.listKind ?? `${type.kind}List`,
    apiVersion: apiVersionOf(type),
    metadata: { ...(token !== undefined || isCustom(definition) ? { continue: token ?? '' } : {}), ...metadata },
  }),
  hasTypedItems: isCustom(definition),
});

function metadataList(definition: AnyDefinition, answer: Extract<Answer, { kind: 'list' }>, metaVersion: 'v1' | 'v1beta1'): object {
  const items = answer.list.map(({ object }) => partialMetadata(definition, object, metaVersion));
  return { kind: 'PartialObjectMetadataList', apiVersion: `meta.k8s.io/${metaVersion}`, metadata: answer.metadata, items };
}
