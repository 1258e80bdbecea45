// Speaks the part of KurrentDB's published protocol (gRPC, v1) that the adapter uses, out of memory. It shows that the adapter and the
// official client agree with the protocol as we read it. It is no KurrentDB: what a real one does beyond that it cannot show.
import { randomUUID } from 'node:crypto';
import {
  Server,
  ServerCredentials,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { ServerFeaturesService } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/serverfeatures_grpc_pb';
import { SupportedMethods } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/serverfeatures_pb';
import { StreamIdentifier, UUID } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/shared_pb';
import { StreamsService } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_grpc_pb';
import {
  AppendReq,
  AppendResp,
  type ReadReq,
  ReadResp,
} from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb';

interface Recorded {
  stream: string;
  revision: number;
  position: number;
  message: AppendReq.ProposedMessage;
  createdMs: number;
}

const TICKS_PER_MS = 10_000;

export async function startStandIn(): Promise<{ url: string; stop(): void; restart(): Promise<void> }> {
  const log: Recorded[] = [];
  const readers = new Set<() => void>();

  const record = (stream: string, message: AppendReq.ProposedMessage) => {
    const revision = log.filter((one) => one.stream === stream).length;
    // Positions are places in a file: they grow, but not by one.
    log.push({ stream, revision, position: 100 + log.length * 37, message, createdMs: Date.now() });
  };
  const system = new AppendReq.ProposedMessage();
  system.getMetadataMap().set('type', '$statsCollected').set('content-type', 'application/json');
  system.setData(Buffer.from('{}'));

  function append(
    call: ServerReadableStream<AppendReq, AppendResp>,
    answer: sendUnaryData<AppendResp>,
  ): void {
    let options: AppendReq.Options | undefined;
    const messages: AppendReq.ProposedMessage[] = [];
    call.on('data', (request: AppendReq) => {
      const message = request.getProposedMessage();
      if (message) messages.push(message);
      else options = request.getOptions();
    });
    call.on('end', () => {
      const stream = nameOf(options?.getStreamIdentifier());
      const current = log.filter((one) => one.stream === stream).length - 1;
      const response = new AppendResp();
      const expected = options?.hasNoStream()
        ? -1
        : options?.hasRevision()
          ? Number(options.getRevision())
          : current;
      if (expected === current) {
        for (const message of messages) record(stream, message);
        record('$stats', system);
        const success = new AppendResp.Success();
        success.setCurrentRevision(String(current + messages.length));
        response.setSuccess(success);
      } else {
        const wrong = new AppendResp.WrongExpectedVersion();
        if (current >= 0) wrong.setCurrentRevision(String(current));
        wrong.setExpectedRevision(String(Math.max(0, expected)));
        response.setWrongExpectedVersion(wrong);
      }
      answer(null, response);
      for (const reader of readers) reader();
    });
  }

  function read(call: ServerWritableStream<ReadReq, ReadResp>): void {
    const options = call.request.getOptions();
    const all = options?.getAll();
    const stream = nameOf(options?.getStream()?.getStreamIdentifier());
    if (options?.hasSubscription()) {
      follow(call);
      return;
    }
    const backwards = options?.getReadDirection() === 1;
    const from = all?.hasPosition() ? Number(all.getPosition()?.getCommitPosition()) : 0;
    const revision = options?.getStream()?.hasRevision() ? Number(options.getStream()?.getRevision()) : 0;
    const events = all
      ? log.filter(({ position }) => position >= from)
      : log.filter((one) => one.stream === stream && one.revision >= revision);
    if (!all && !log.some((one) => one.stream === stream)) {
      const missing = new ReadResp.StreamNotFound();
      missing.setStreamIdentifier(options?.getStream()?.getStreamIdentifier());
      call.write(new ReadResp().setStreamNotFound(missing));
      call.end();
      return;
    }
    if (backwards) events.reverse();
    for (const event of events.slice(0, Number(options?.getCount()))) call.write(toResponse(event));
    call.end();
  }

  /** From the end on, without system events: the one subscription the adapter makes. */
  function follow(call: ServerWritableStream<ReadReq, ReadResp>): void {
    const confirmation = new ReadResp.SubscriptionConfirmation();
    confirmation.setSubscriptionId(randomUUID());
    call.write(new ReadResp().setConfirmation(confirmation));
    let next = log.length;
    const more = () => {
      for (; next < log.length; next++) {
        const event = log[next] as Recorded;
        if (!event.stream.startsWith('$')) call.write(toResponse(event));
      }
    };
    readers.add(more);
    call.on('cancelled', () => {
      readers.delete(more);
      call.end();
    });
  }

  const supported = (
    _call: ServerUnaryCall<unknown, SupportedMethods>,
    answer: sendUnaryData<SupportedMethods>,
  ) => answer(null, new SupportedMethods().setEventStoreServerVersion('25.0.0'));

  const listen = (port: number) => {
    const server = new Server();
    // The generated definitions name more methods than are served here; those answer 'unimplemented'.
    server.addService(StreamsService, { append, read } as never);
    server.addService(ServerFeaturesService, { getSupportedMethods: supported } as never);
    return new Promise<{ server: Server; port: number }>((resolve, reject) =>
      server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve({ server, port: bound }),
      ),
    );
  };
  let running = await listen(0);
  return {
    url: `kurrentdb://127.0.0.1:${running.port}?tls=false`,
    stop: () => running.server.forceShutdown(),
    async restart() {
      running = await listen(running.port);
    },
  };
}

const nameOf = (identifier: { getStreamName_asU8(): Uint8Array } | undefined): string =>
  identifier ? Buffer.from(identifier.getStreamName_asU8()).toString() : '';

function toResponse({ stream, revision, position, message, createdMs }: Recorded): ReadResp {
  const event = new ReadResp.ReadEvent.RecordedEvent();
  event.setStreamIdentifier(new StreamIdentifier().setStreamName(Buffer.from(stream).toString('base64')));
  event.setId(message.getId() ?? new UUID().setString(randomUUID()));
  event.setStreamRevision(String(revision));
  event.setCommitPosition(String(position));
  event.setPreparePosition(String(position));
  event.setData(message.getData_asU8());
  event.setCustomMetadata(message.getCustomMetadata_asU8());
  const metadata = event.getMetadataMap();
  for (const name of ['type', 'content-type']) metadata.set(name, message.getMetadataMap().get(name) ?? '');
  metadata.set('created', String(BigInt(createdMs) * BigInt(TICKS_PER_MS)));
  const read = new ReadResp.ReadEvent();
  read.setEvent(event);
  read.setCommitPosition(String(position));
  return new ReadResp().setEvent(read);
}
