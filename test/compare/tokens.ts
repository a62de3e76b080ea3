/** `npm run compare tokens`: a token webhook, asked by both: what it reads, and whom the tokens stand for. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { apiAudience } from '../../functions/apiserver/auth/tokens.ts';
import { tokenWebhookSettings } from '../../functions/apiserver/auth/token-webhook/settings.ts';
import type { Json } from '../../functions/kube/object.ts';
import type { Case, Step } from './cases/case.ts';
import { runContest } from './contest.ts';
import type { ApiConnection, ReceivedAnswer } from './servers/api-connection.ts';
import { startTokenServer, type TokenServer } from './tokens/token-server.ts';
import { tokens } from './tokens/tokens.ts';

const group = 'authentication.k8s.io/v1';
/** Not the API's: what was asked about a token. */
const reviewsPath = '/reviews/';

export async function compareTokens(args: readonly string[]): Promise<number> {
  const [theirs, own] = [await startTokenServer(), await startTokenServer()];
  const directory = mkdtempSync(join(tmpdir(), 'compare-tokens-'));
  const kubeconfigFile = join(directory, 'kubeconfig');
  writeFileSync(kubeconfigFile, JSON.stringify(kubeconfigOf(theirs)));
  const sides = {
    upstream: { flags: { 'authentication-token-webhook-config-file': kubeconfigFile, 'api-audiences': apiAudience } },
    ours: { authentication: { jwt: [], tokenWebhook: tokenWebhookSettings(own.access, {}) } },
  };
  try {
    return await runContest(
      args,
      async (contest, { isWanted }) => ({
        cases: Object.keys(tokens).filter(isWanted).map(caseOf),
        contest: { ...contest, upstream: withReviews(contest.upstream, theirs), ours: withReviews(contest.ours, own) },
      }),
      sides,
    );
  } finally {
    for (const server of [theirs, own]) server.close();
    rmSync(directory, { recursive: true });
  }
}

const kubeconfigOf = ({ access: { server, caPem = '' } }: TokenServer): object => ({
  apiVersion: 'v1',
  kind: 'Config',
  clusters: [{ name: 'tokens', cluster: { server, 'certificate-authority-data': Buffer.from(caPem).toString('base64') } }],
  users: [{ name: 'api', user: {} }],
  contexts: [{ name: 'tokens', context: { cluster: 'tokens', user: 'api' } }],
  'current-context': 'tokens',
});

function caseOf(token: string): Case {
  const whoAmI: Step = {
    method: 'POST',
    path: `/apis/${group}/selfsubjectreviews`,
    headers: { authorization: `Bearer ${token}` },
    body: { apiVersion: group, kind: 'SelfSubjectReview' },
  };
  const whose = (...audiences: readonly string[]): Step => {
    const spec: Json = { token, ...(audiences.length === 0 ? {} : { audiences: [...audiences] }) };
    return { method: 'POST', path: `/apis/${group}/tokenreviews`, body: { apiVersion: group, kind: 'TokenReview', spec } };
  };
  const asked: Step = { method: 'GET', path: `${reviewsPath}${token}` };
  return {
    name: token,
    kind: 'tokens',
    about: 'a token that a webhook is asked about',
    steps: [whoAmI, asked, whoAmI, whose(), whose(apiAudience), whose('elsewhere'), whose('other', apiAudience), asked],
  };
}

/** Answers for the token webhook, too, whose address is the same for both sides. */
const withReviews = (api: ApiConnection, server: TokenServer): ApiConnection => ({
  ...api,
  async send(request): Promise<ReceivedAnswer> {
    if (request.path.startsWith(reviewsPath)) {
      const text = JSON.stringify(server.takeReviews(request.path.slice(reviewsPath.length)));
      return { status: 200, headers: { 'content-type': 'application/json' }, warnings: [], text };
    }
    const answer = await api.send(request);
    return { ...answer, text: answer.text.replaceAll(server.address, 'tokens') };
  },
});
