/**
 * "May I?", "may they?" and "what may I?". Source: pkg/registry/authorization/ and pkg/apis/authorization/validation.
 */
import type {
  LocalSubjectAccessReview,
  NonResourceAttributes,
  NonResourceRule,
  PolicyRule,
  ResourceAttributes,
  ResourceRule,
  SelfSubjectAccessReview,
  SelfSubjectRulesReview,
  SubjectAccessReview,
  SubjectAccessReviewSpec,
  SubjectAccessReviewStatus,
} from '../../kube/generated/types.ts';
import type { FieldError } from '../../kube/field-error.ts';
import { invalid, invalidObject } from '../../kube/field-error.ts';
import { internalForm } from '../../kube/go-internal.ts';
import type { KubeObject } from '../../kube/object.ts';
import { badRequest } from '../../kube/status-error.ts';
import { fieldsSelectedBy } from '../http/request-info.ts';
import type { RequestAttributes, SelectedField, User, VirtualResource } from '../ports.ts';
import { dropServerFields } from '../registry/object-metadata.ts';
import type { ClusterAuthorizer } from './authorizer.ts';
import { aggregateText } from './rbac/policy.ts';
import { selectorErrors, selectorProblems } from './selector-errors.ts';
import { virtualResource } from './virtual-resource.ts';

const group = 'authorization.k8s.io';

interface Attributes {
  readonly resourceAttributes?: ResourceAttributes;
  readonly nonResourceAttributes?: NonResourceAttributes;
}

function attributeErrors({ resourceAttributes, nonResourceAttributes }: Attributes): FieldError[] {
  if ((resourceAttributes === undefined) !== (nonResourceAttributes === undefined)) return selectorErrors(resourceAttributes);
  const why = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
  return [invalid('spec', goForm(nonResourceAttributes), why), ...selectorErrors(resourceAttributes)];
}

/** As Go prints the struct, which has no names for JSON. */
const goForm = (attributes: NonResourceAttributes | undefined): object | null =>
  attributes === undefined ? null : { Path: attributes.path ?? '', Verb: attributes.verb ?? '' };

function subjectErrors({ user = '', groups = [] }: SubjectAccessReviewSpec): FieldError[] {
  return user === '' && groups.length === 0 ? [invalid('spec.user', user, 'at least one of user or group must be specified')] : [];
}

/** A review has no name, labels or anything else that a stored object has. */
function metadataErrors({ metadata }: KubeObject, namespaced: boolean): FieldError[] {
  // What a client cannot decide was dropped before.
  const own = { ...metadata };
  dropServerFields(own);
  const { namespace, managedFields: _managedFields, ...rest } = own;
  if (Object.keys(rest).length === 0 && (namespaced || namespace === undefined)) return [];
  return [invalid('metadata', internalForm('=ObjectMeta', own), namespaced ? 'must be empty except for namespace' : 'must be empty')];
}

/** Upstream names no kind here. */
function refuse(errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalidObject({ group, kind: '' }, '', errors);
}

/** What would be asked of the authorizer if the request were made. */
function requestInfoOfAttributes({ resourceAttributes, nonResourceAttributes }: Attributes): RequestAttributes {
  const {
    version = '',
    resource = '',
    subresource = '',
    namespace = '',
    name = '',
    fieldSelector,
    labelSelector,
  } = resourceAttributes ?? {};
  return {
    verb: (resourceAttributes ?? nonResourceAttributes)?.verb ?? '',
    isResource: resourceAttributes !== undefined,
    path: nonResourceAttributes?.path ?? '',
    group: resourceAttributes?.group ?? '',
    // A review that names no version asks about all of them.
    version: version === '' && resourceAttributes !== undefined ? '*' : version,
    resource,
    subresource,
    namespace,
    name,
    selectedFields: selectedFields(resourceAttributes),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
    ...(labelSelector === undefined ? {} : { labelSelector }),
  };
}

/** The fields that a review's selector has at one value. Source: apiserver, pkg/authorization/authorizer/rule.go. */
function selectedFields(attributes: ResourceAttributes | undefined): SelectedField[] {
  const { rawSelector = '', requirements = [] } = attributes?.fieldSelector ?? {};
  if (rawSelector !== '') return fieldsSelectedBy(rawSelector);
  return requirements.flatMap(({ key, operator, values = [] }) => {
    const [value, ...more] = values;
    return operator === 'In' && value !== undefined && more.length === 0 ? [{ field: key, value }] : [];
  });
}

const userOf = ({ user = '', uid, groups = [], extra }: SubjectAccessReviewSpec): User => ({
  name: user,
  groups,
  ...(uid === undefined ? {} : { uid }),
  ...(extra === undefined ? {} : { extra }),
});

export function accessReviews(authorizer: ClusterAuthorizer): VirtualResource[] {
  async function answer(user: User, attributes: Attributes): Promise<SubjectAccessReviewStatus> {
    const { allowed, denied = false, reason, error = '' } = await authorizer.authorize(user, requestInfoOfAttributes(attributes));
    const evaluationError = [selectorProblems(attributes.resourceAttributes), error].filter((text) => text !== '').join(', ');
    return {
      allowed,
      ...(denied ? { denied } : {}),
      ...(reason === '' ? {} : { reason }),
      ...(evaluationError === '' ? {} : { evaluationError }),
    };
  }

  return [
    virtualResource<SelfSubjectAccessReview>({
      group,
      kind: 'SelfSubjectAccessReview',
      async status(review, { user }) {
        const { spec } = review;
        refuse([...attributeErrors(spec), ...metadataErrors(review, false)]);
        return answer(user, spec);
      },
    }),
    virtualResource<SubjectAccessReview>({
      group,
      kind: 'SubjectAccessReview',
      async status(review) {
        const { spec } = review;
        refuse([...attributeErrors(spec), ...subjectErrors(spec), ...metadataErrors(review, false)]);
        return answer(userOf(spec), spec);
      },
    }),
    virtualResource<LocalSubjectAccessReview>({
      group,
      kind: 'LocalSubjectAccessReview',
      namespaced: true,
      async status(review, { namespace }) {
        const { spec } = review;
        refuse([...attributeErrors(spec), ...subjectErrors(spec), ...metadataErrors(review, true), ...localErrors(spec, namespace)]);
        return answer(userOf(spec), spec);
      },
    }),
    virtualResource<SelfSubjectRulesReview>({
      group,
      kind: 'SelfSubjectRulesReview',
      shown: () => ({ metadata: {}, spec: {} }),
      async status({ spec: { namespace = '' } }, { user }) {
        if (namespace === '') throw badRequest('no namespace on request');
        const { rules, errors } = authorizer.rulesOf(user, namespace);
        return {
          ...ruleLists(rules),
          incomplete: errors.length > 0,
          ...(errors.length > 0 ? { evaluationError: aggregateText(errors) } : {}),
        };
      },
    }),
  ];
}

function localErrors({ resourceAttributes, nonResourceAttributes }: Attributes, namespace: string): FieldError[] {
  if (nonResourceAttributes !== undefined) {
    return [invalid('spec.nonResourceAttributes', goForm(nonResourceAttributes), 'disallowed on this kind of request')];
  }
  const field = 'spec.resourceAttributes.namespace';
  if (resourceAttributes === undefined || resourceAttributes.namespace === namespace) return [];
  return [invalid(field, resourceAttributes.namespace ?? '', 'must match metadata.namespace')];
}

function ruleLists(rules: readonly PolicyRule[]): { resourceRules: ResourceRule[]; nonResourceRules: NonResourceRule[] } {
  const onPaths = rules.filter(({ nonResourceURLs = [] }) => nonResourceURLs.length > 0);
  return {
    resourceRules: rules
      .filter(({ resources = [] }) => resources.length > 0)
      .map(({ verbs, apiGroups, resources, resourceNames }) => ({
        verbs,
        apiGroups,
        resources,
        ...(resourceNames === undefined ? {} : { resourceNames }),
      })),
    nonResourceRules: onPaths.map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
  };
}
