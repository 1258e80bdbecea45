import { newsOf, nextLook, type TrackingEvent, type TrackingStatus } from './tracking';

const at = (minute: number) => new Date(Date.UTC(2030, 0, 1, 0, minute)).toISOString();
const event = (minute: number, status: TrackingStatus, code: string = status): TrackingEvent => ({
  ...{ status, at: at(minute), code, description: code },
});
const statuses = (events: TrackingEvent[]) => events.map(({ status }) => status);

describe('what a carrier reports', () => {
  const report = [
    event(9, 'delivered'),
    event(3, 'in_transit'),
    event(5, 'in_transit', 'AR'),
    event(8, 'out_for_delivery'),
  ];

  it('is news once, in the order it happened', () => {
    const first = newsOf([], report, 'label_created');
    expect(first.added).toHaveLength(4);
    expect(statuses(first.changes)).toEqual(['in_transit', 'out_for_delivery', 'delivered']);
    expect(first.status).toBe('delivered');
    expect(newsOf(first.added, report, 'delivered')).toMatchObject({ added: [], changes: [] });
  });

  it('changes no status when it is late', () => {
    const known = [event(3, 'in_transit'), event(8, 'out_for_delivery')];
    const { added, changes, status } = newsOf(known, [...known, event(5, 'exception')], 'out_for_delivery');
    expect([statuses(added), statuses(changes), status]).toEqual([['exception'], [], 'out_for_delivery']);
  });

  it('of one second is taken in the order of a parcel’s way', () => {
    const both = [event(3, 'in_transit'), event(3, 'label_created')];
    expect(newsOf([], both, 'label_created').status).toBe('in_transit');
    expect(newsOf([both[0]!], both, 'in_transit')).toMatchObject({ changes: [], status: 'in_transit' });
  });

  it('tells the same event twice within one report as one', () => {
    expect(newsOf([], [event(1, 'in_transit'), event(1, 'in_transit')], 'label_created').added).toHaveLength(
      1,
    );
  });
});

describe('the next look', () => {
  const pace = { firstMs: 60_000, maxMs: 480_000, giveUpMs: 3_600_000 };
  const waits = (quiet: number) =>
    Date.parse(nextLook({ status: 'in_transit', quiet, since: at(0) }, at(0), pace)!) - Date.parse(at(0));

  it('waits longer the longer nothing changes, up to a limit', () => {
    expect([0, 1, 2, 3, 4, 500].map(waits)).toEqual([60_000, 120_000, 240_000, 480_000, 480_000, 480_000]);
  });

  it('is not taken at what is over, or has not been heard of for too long', () => {
    for (const status of ['delivered', 'returned'] as const) {
      expect(nextLook({ status, quiet: 0, since: at(0) }, at(0), pace)).toBeUndefined();
    }
    expect(nextLook({ status: 'exception', quiet: 0, since: at(0) }, at(60), pace)).toBeDefined();
    expect(nextLook({ status: 'exception', quiet: 0, since: at(0) }, at(61), pace)).toBeUndefined();
  });
});
