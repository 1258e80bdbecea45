import { type Pool, type Queryable, withTransaction } from '@platform/libs/postgres';
import type { Quotation, QuoteStore } from '../application/ports';

interface Row {
  id: string;
  customer_id: string;
  key: string;
  request_hash: string;
  address: Quotation['request']['address'];
  items: Quotation['request']['items'];
  answer: Quotation['answer'];
}

const toQuotation = ({
  id,
  customer_id: customerId,
  key,
  request_hash: requestHash,
  ...row
}: Row): Quotation => ({
  request: { id, customerId, address: row.address, items: row.items },
  ...{ key, requestHash, answer: row.answer },
});

export const createQuoteStore = (pool: Pool): QuoteStore => {
  const findByKey = async (
    db: Queryable,
    customerId: string,
    key: string,
  ): Promise<Quotation | undefined> => {
    const { rows } = await db.query({
      name: 'find-quotes-by-key',
      text: 'select * from quote_requests where customer_id = $1 and key = $2',
      values: [customerId, key],
    });
    return rows[0] && toQuotation(rows[0] as Row);
  };
  return {
    findByKey: (customerId, key) => findByKey(pool, customerId, key),
    save: (quotation, quotes) =>
      withTransaction(pool, async (client) => {
        const { request, key, requestHash, answer } = quotation;
        // Waits for another request with this key to end, then yields to it.
        const { rowCount } = await client.query({
          name: 'save-quote-request',
          text: `insert into quote_requests (id, customer_id, key, request_hash, address, items, answer, valid_until)
                 values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing`,
          values: [
            ...[request.id, request.customerId, key, requestHash, JSON.stringify(request.address)],
            ...[JSON.stringify(request.items), JSON.stringify(answer), answer.validUntil],
          ],
        });
        if (rowCount === 0) return (await findByKey(client, request.customerId, key))!;
        await client.query({
          name: 'save-quotes',
          text: `insert into quotes (id, request_id, quote)
                 select (one->>'id')::uuid, $1, one from jsonb_array_elements($2::jsonb) as each(one)`,
          values: [request.id, JSON.stringify(quotes)],
        });
        return quotation;
      }),
    async find(requestId, customerId) {
      const { rows } = await pool.query({
        name: 'find-quotes',
        text: 'select * from quote_requests where id = $1 and customer_id = $2',
        values: [requestId, customerId],
      });
      return rows[0] && toQuotation(rows[0] as Row);
    },
    async findQuote(quoteId, transaction) {
      const { rows } = await (transaction ?? pool).query({
        name: 'find-quote',
        text: `select r.*, q.quote from quotes q join quote_requests r on r.id = q.request_id where q.id = $1`,
        values: [quoteId],
      });
      const row = rows[0];
      return row && { quote: row.quote, ...toQuotation(row) };
    },
    async prune(before) {
      const { rowCount } = await pool.query({
        name: 'prune-quotes',
        text: `delete from quote_requests r where valid_until < $1 and not exists (
                 select 1 from quotes q join shipments s on s.quote_id = q.id where q.request_id = r.id)`,
        values: [before],
      });
      return rowCount ?? 0;
    },
  };
};
