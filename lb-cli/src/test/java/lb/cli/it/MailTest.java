package lb.cli.it;

import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.ServerSetup;
import jakarta.activation.DataHandler;
import jakarta.mail.Message;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeBodyPart;
import jakarta.mail.internet.MimeMessage;
import jakarta.mail.internet.MimeMultipart;
import jakarta.mail.util.ByteArrayDataSource;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Properties;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import lb.cli.it.process.LbProcess;
import org.junit.jupiter.api.Test;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

class MailTest {

    private static final int MAILS = 10;
    private static final int ATTACHMENT_BYTES = 500_000;

    /// The server speaks first in SMTP, so that nothing may wait for the client's first byte.
    @Test
    void mailsWithAttachmentsArriveUnchanged() throws Exception {
        GreenMail server = new GreenMail(new ServerSetup(0, "127.0.0.1", ServerSetup.PROTOCOL_SMTP));
        server.start();
        try (LbProcess lb = LbProcess.run("--listen", "127.0.0.1:0", "--backend",
                "127.0.0.1:" + server.getSmtp().getPort())) {
            for (int i = 0; i < MAILS; i++) {
                send(lb, i);
            }
            assertThat(server.waitForIncomingEmail(TimeUnit.SECONDS.toMillis(20), MAILS)).isTrue();
            MimeMessage[] received = server.getReceivedMessages();
            assertThat(received).hasSize(MAILS);
            Arrays.sort(received, Comparator.comparing(MailTest::subject));
            for (int i = 0; i < MAILS; i++) {
                assertThat(subject(received[i])).isEqualTo("mail " + i);
                MimeMultipart parts = (MimeMultipart) received[i].getContent();
                assertThat(parts.getBodyPart(0).getContent()).isEqualTo("Grüße " + i);
                assertThat(parts.getBodyPart(1).getInputStream().readAllBytes()).isEqualTo(attachment(i));
            }
        } finally {
            server.stop();
        }
    }

    private static void send(LbProcess lb, int number) throws Exception {
        Properties properties = new Properties();
        properties.put("mail.smtp.host", "127.0.0.1");
        properties.put("mail.smtp.port", Integer.toString(lb.port()));
        properties.put("mail.smtp.timeout", "20000");
        MimeMessage mail = new MimeMessage(Session.getInstance(properties));
        mail.setFrom(new InternetAddress("from@example.test"));
        mail.setRecipient(Message.RecipientType.TO, new InternetAddress("to@example.test"));
        mail.setSubject("mail " + number);
        MimeBodyPart text = new MimeBodyPart();
        text.setText("Grüße " + number, UTF_8.name());
        MimeBodyPart file = new MimeBodyPart();
        file.setDataHandler(
                new DataHandler(new ByteArrayDataSource(attachment(number), "application/octet-stream")));
        file.setFileName("file.bin");
        mail.setContent(new MimeMultipart(text, file));
        Transport.send(mail);
    }

    private static byte[] attachment(int number) {
        byte[] bytes = new byte[ATTACHMENT_BYTES];
        new Random(number).nextBytes(bytes);
        return bytes;
    }

    private static String subject(MimeMessage mail) {
        try {
            return mail.getSubject();
        } catch (jakarta.mail.MessagingException e) {
            throw new AssertionError(e);
        }
    }
}
