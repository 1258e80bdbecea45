import { LocalError } from '@platform/local/errors';
import { marker } from '../preview/format';

export interface CommentOptions {
  /** Address of GitHub's API, `GITHUB_API_URL` in a workflow. */
  api: string;
  /** `owner/name`. */
  repository: string;
  pullRequest: number;
  /** May write to the pull request. Never printed. */
  token: string;
  /** Markdown that begins with the marker. */
  body: string;
}

interface Comment {
  id: number;
  body?: string;
  user?: { type?: string };
}

const pageSize = 100;
const mostPages = 30;

/** Keeps one comment per pull request: updates the one with the marker that a bot wrote, or adds it. Returns its address. */
export const upsertComment = async (options: CommentOptions): Promise<string> => {
  const { api, repository, pullRequest, token, body } = options;
  if (!body.startsWith(marker)) {
    throw new LocalError('The comment does not begin with the marker by which it is found again', {
      hint: `Write it with: platform ci pull-request. It begins with ${marker}`,
    });
  }
  const call = async <T>(method: string, path: string, payload?: object): Promise<T> => {
    const response = await fetch(`${api}/repos/${repository}${path}`, {
      method,
      headers: {
        accept: 'application/vnd.github+json',
        authorization: `Bearer ${token}`,
        'x-github-api-version': '2022-11-28',
      },
      ...(payload ? { body: JSON.stringify(payload) } : {}),
      signal: AbortSignal.timeout(30_000),
    });
    if (response.ok) return (await response.json()) as T;
    throw new LocalError(`GitHub answered ${response.status} to ${method} ${path}`, {
      hint:
        response.status === 401 || response.status === 403
          ? 'The job needs the permission pull-requests: write; a pull request from a fork never has it.'
          : 'Is the pull request still there? The same command can be run again.',
      retriable: response.status >= 500 || response.status === 429,
    });
  };
  const issue = `/issues/${pullRequest}/comments`;
  for (let page = 1; page <= mostPages; page++) {
    const comments = await call<Comment[]>('GET', `${issue}?per_page=${pageSize}&page=${page}`);
    // Anybody can write the marker; only a comment of a bot is ours to overwrite.
    const ours = comments.find((one) => one.body?.startsWith(marker) && one.user?.type === 'Bot');
    if (ours)
      return (await call<{ html_url: string }>('PATCH', `/issues/comments/${ours.id}`, { body })).html_url;
    if (comments.length < pageSize) break;
  }
  return (await call<{ html_url: string }>('POST', issue, { body })).html_url;
};
