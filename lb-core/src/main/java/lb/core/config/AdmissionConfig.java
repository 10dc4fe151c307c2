package lb.core.config;

import java.util.List;
import lb.core.limit.SourceLimits;

/// Whom a listener refuses besides those in its own lists, and how.
///
/// @param allowFiles further networks that are let in
/// @param denyFiles further networks that are refused
/// @param dryRun whether rules and limits of sources only count and tell whom they would refuse
public record AdmissionConfig(List<AddressFile> allowFiles, List<AddressFile> denyFiles, SourceLimits sources,
        OnFull onFull, RejectConfig reject, boolean dryRun) {

    /// Everybody is let in.
    public static final AdmissionConfig OPEN = new AdmissionConfig(List.of(), List.of(), SourceLimits.NONE, OnFull.WAIT,
            RejectConfig.RESET, false);

    /// What happens to connections beyond `max-connections`.
    public enum OnFull {
        /// They wait in the kernel's backlog.
        WAIT,
        /// They are rejected.
        REFUSE
    }

    public AdmissionConfig {
        allowFiles = List.copyOf(allowFiles);
        denyFiles = List.copyOf(denyFiles);
    }

    /// The same with other files.
    public AdmissionConfig withFiles(List<AddressFile> allow, List<AddressFile> deny) {
        return new AdmissionConfig(allow, deny, sources, onFull, reject, dryRun);
    }

    /// The same with other limits of sources.
    public AdmissionConfig with(SourceLimits changed) {
        return new AdmissionConfig(allowFiles, denyFiles, changed, onFull, reject, dryRun);
    }

    /// The same with another way to reject.
    public AdmissionConfig with(RejectConfig changed) {
        return new AdmissionConfig(allowFiles, denyFiles, sources, onFull, changed, dryRun);
    }

    /// The same with another behaviour when it is full.
    public AdmissionConfig with(OnFull changed) {
        return new AdmissionConfig(allowFiles, denyFiles, sources, changed, reject, dryRun);
    }

    /// The same, refusing nobody by rules and limits of sources.
    public AdmissionConfig dry() {
        return new AdmissionConfig(allowFiles, denyFiles, sources, onFull, reject, true);
    }
}
