import { Problem, unavailable } from '@platform/libs/http';
import { DestinationNotServed } from '../application/ports';
import { QuotesUnavailable } from '../application/quoting';

/** What can go wrong with a request for quotes, as the customer is told. Any other error passes unchanged. */
export const quotesProblem = (error: unknown): unknown => {
  if (error instanceof DestinationNotServed) {
    return new Problem(422, {
      code: 'destination-not-served',
      detail: `Nothing can be sent to ${error.country} from here: it would need a customs declaration.`,
      errors: [{ in: 'body', pointer: '#/address/country', detail: 'Not served.' }],
    });
  }
  if (error instanceof QuotesUnavailable) {
    return unavailable('No carrier can be asked at the moment. Send the same request again shortly.', error);
  }
  return error;
};
