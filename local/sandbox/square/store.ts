import { type Answer, Store, type StoreOptions } from '../store';

export interface Money {
  amount: number;
  currency: string;
}

export interface Payment {
  id: string;
  object: 'payment';
  idempotency_key: string;
  status: 'APPROVED' | 'COMPLETED' | 'CANCELED' | 'FAILED';
  amount_money: Money;
  refunded: number;
  refund_ids: string[];
  location_id: string;
  reference_id?: string;
  note?: string;
  card_details: {
    status: 'AUTHORIZED' | 'CAPTURED' | 'VOIDED' | 'FAILED';
    card: { card_brand: string; last_4: string };
    card_payment_timeline: { authorized_at?: string; captured_at?: string; voided_at?: string };
    errors?: object[];
  };
  created_at: string;
  updated_at: string;
}

export interface Refund {
  id: string;
  object: 'refund';
  status: 'PENDING' | 'COMPLETED';
  amount_money: Money;
  payment_id: string;
  location_id: string;
  reason?: string;
  created_at: string;
  updated_at: string;
}

type Thing = Payment | Refund | Answer;

const kinds = ['payment', 'refund', 'answer'] as const;

export class SquareStore extends Store<Thing> {
  constructor({ limit, folder }: Pick<StoreOptions<Thing['object']>, 'limit' | 'folder'>) {
    super({ name: 'square', kinds, limit, folder });
  }
}
