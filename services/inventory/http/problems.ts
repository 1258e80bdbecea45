import { conflict, Problem } from '@platform/libs/http';
import { StockChanged, StockRefused } from '../application/ports';
import { etagOf } from './schemas';

/** A change has to say what it was made on. */
export const preconditionRequired = (): Problem =>
  new Problem(428, {
    code: 'precondition-required',
    detail:
      'Say what this count was made on: If-Match with the ETag of the item as you read it, or If-None-Match: * for an item that is new.',
  });

/** What can go wrong with a change of stock, as the caller is told. Any other error passes unchanged. */
export const inventoryProblem = (error: unknown): unknown => {
  if (error instanceof StockChanged) {
    const { current } = error;
    return new Problem(412, {
      code: 'stock-changed',
      detail: current
        ? `The item is there with the ETag ${etagOf(current)}. Read it again, look whether your count still holds, and send it with If-Match and that ETag.`
        : 'There is no such item. Send If-None-Match: * instead of If-Match to create it.',
      headers: current && { etag: etagOf(current) },
    });
  }
  if (error instanceof StockRefused) {
    const { held, stock } = error.current;
    return error.refusal === 'below-held'
      ? conflict(
          'below-held',
          `${held} of ${stock} are held for orders that are not yet decided; there cannot be less on hand. Wait until they are decided, or change by less.`,
        )
      : conflict('too-much', 'There would be more than can be counted. Change by less.');
  }
  return error;
};
