package platform.kafka;

import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Lives through a broker's first minute in one process, so that the JVM can write down which classes that takes. */
public final class Rehearse {
  private static int freePort() throws Exception {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  public static void main(String[] arguments) throws Exception {
    int client = freePort();
    int controller = freePort();
    Path data = Files.createTempDirectory("rehearse");
    Map<String, String> environment = Map.of(
        "KAFKA_LISTENERS", "PLAINTEXT://127.0.0.1:" + client + ",CONTROLLER://127.0.0.1:" + controller,
        "KAFKA_ADVERTISED_LISTENERS", "PLAINTEXT://127.0.0.1:" + client,
        "KAFKA_CONTROLLER_QUORUM_VOTERS", "1@127.0.0.1:" + controller,
        "KAFKA_LOG_DIRS", data.toString(),
        "KAFKA_TOPICS", "rehearsal:2:60000",
        "KAFKA_BOOTSTRAP", "127.0.0.1:" + client);
    Thread broker = new Thread(() -> {
      try {
        Start.run(environment);
      } catch (Exception e) {
        e.printStackTrace();
        Runtime.getRuntime().halt(1);
      }
    });
    broker.start();
    Topics.run(environment);
    Topics.run(environment);
    System.exit(0);
  }
}
