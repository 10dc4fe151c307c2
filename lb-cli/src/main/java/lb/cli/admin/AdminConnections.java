package lb.cli.admin;

import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/// Counts the connections of the admin interface, and closes those that are too many: on a loopback address every user of
/// the machine may connect.
///
/// Threading: lb-admin.
@Sharable
final class AdminConnections extends ChannelInboundHandlerAdapter {

    private static final int MOST = 64;

    private int open;

    @Override
    public void channelActive(ChannelHandlerContext context) throws Exception {
        if (++open > MOST) {
            context.close();
            return;
        }
        super.channelActive(context);
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) throws Exception {
        open--;
        super.channelInactive(context);
    }
}
