import { uuidOf } from '@platform/libs/ids';
import type { Channel, Draft, Kind, News } from '../domain/notification';

/** The id is made of what the message is about: told twice, by whichever event, it is the same message. */
export const notificationId = (kind: Kind, key: string, channel: Channel): string =>
  uuidOf(`${kind} ${key} ${channel}`);

export const drafts = (news: News, key: string, by: readonly Channel[]): Draft[] =>
  by.map((channel) => ({ id: notificationId(news.kind, key, channel), channel, news }));
