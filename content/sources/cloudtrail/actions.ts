/**
 * AWS API calls to the vocabulary: `service:eventName`. `target` says where the name acted upon stands in
 * requestParameters. Calls that are not listed become `cloud_api_call`.
 */
export type AwsAction = { readonly action: string; readonly target?: string; readonly group?: string };

const user = { target: 'userName' } as const;
const group = { group: 'groupName' } as const;

const names = (service: string, calls: string, a: AwsAction): (readonly [string, AwsAction])[] =>
  calls.split(' ').map((c) => [`${service}:${c}`, a] as const);

export const AWS_ACTIONS: ReadonlyMap<string, AwsAction> = new Map([
  ...names('signin', 'ConsoleLogin CredentialVerification UserAuthentication', { action: 'api_login' }),
  ...names('signin', 'CheckMfa CredentialChallenge', { action: 'mfa_challenge' }),
  ...names('sts', 'GetSessionToken GetFederationToken', { action: 'token_issued' }),
  ...names('iam', 'CreateUser', { action: 'user_created', ...user }),
  ...names('iam', 'DeleteUser', { action: 'user_deleted', ...user }),
  ...names(
    'iam',
    'UpdateUser UpdateAccessKey TagUser PutUserPermissionsBoundary DeleteUserPermissionsBoundary DeleteLoginProfile',
    {
      action: 'user_changed',
      ...user,
    },
  ),
  ...names('iam', 'CreateLoginProfile UpdateLoginProfile', { action: 'password_reset', ...user }),
  ...names('iam', 'ChangePassword', { action: 'password_changed' }),
  ...names('iam', 'CreateAccessKey CreateServiceSpecificCredential UploadSSHPublicKey', {
    action: 'api_credential_created',
    ...user,
  }),
  ...names('iam', 'DeleteAccessKey DeleteServiceSpecificCredential DeleteSSHPublicKey', {
    action: 'api_credential_deleted',
    ...user,
  }),
  ...names('iam', 'EnableMFADevice DeactivateMFADevice ResyncMFADevice', { action: 'mfa_changed', ...user }),
  ...names('iam', 'AttachUserPolicy PutUserPolicy', { action: 'role_granted', ...user }),
  ...names('iam', 'AttachRolePolicy PutRolePolicy', { action: 'role_granted', target: 'roleName' }),
  ...names('iam', 'AttachGroupPolicy PutGroupPolicy', { action: 'role_granted', ...group }),
  ...names('iam', 'DetachUserPolicy DeleteUserPolicy', { action: 'role_revoked', ...user }),
  ...names('iam', 'DetachRolePolicy DeleteRolePolicy', { action: 'role_revoked', target: 'roleName' }),
  ...names('iam', 'DetachGroupPolicy DeleteGroupPolicy', { action: 'role_revoked', ...group }),
  ...names('iam', 'CreateGroup', { action: 'group_created', ...group }),
  ...names('iam', 'DeleteGroup', { action: 'group_deleted', ...group }),
  ...names('iam', 'UpdateGroup', { action: 'group_changed', ...group }),
  ...names('iam', 'AddUserToGroup', { action: 'group_member_added', ...user, ...group }),
  ...names('iam', 'RemoveUserFromGroup', { action: 'group_member_removed', ...user, ...group }),
  ...names(
    'iam',
    'UpdateAssumeRolePolicy CreatePolicy CreatePolicyVersion SetDefaultPolicyVersion DeletePolicy DeletePolicyVersion UpdateAccountPasswordPolicy DeleteAccountPasswordPolicy',
    {
      action: 'policy_changed',
    },
  ),
  ...names('cloudtrail', 'StopLogging DeleteTrail', { action: 'audit_stopped' }),
  ...names('cloudtrail', 'StartLogging CreateTrail', { action: 'audit_started' }),
  ...names('cloudtrail', 'UpdateTrail PutEventSelectors PutInsightSelectors', { action: 'policy_changed' }),
  ...names('route53resolver', 'DeleteResolverQueryLogConfig DisassociateResolverQueryLogConfig', {
    action: 'audit_stopped',
  }),
  ...names('bedrock', 'DeleteModelInvocationLoggingConfiguration', { action: 'audit_stopped' }),
  ...names('config', 'StopConfigurationRecorder DeleteConfigurationRecorder DeleteDeliveryChannel', {
    action: 'audit_stopped',
  }),
  ...names('config', 'StartConfigurationRecorder', { action: 'audit_started' }),
  ...names(
    'guardduty',
    'DeleteDetector UpdateDetector CreateFilter DisassociateFromMasterAccount DeleteMembers CreateIPSet UpdateIPSet',
    {
      action: 'protection_changed',
    },
  ),
  ...names('securityhub', 'DisableSecurityHub BatchDisableStandards', { action: 'protection_changed' }),
  ...names('logs', 'DeleteLogGroup DeleteLogStream', { action: 'log_cleared' }),
  ...names('ec2', 'DeleteFlowLogs', { action: 'audit_stopped' }),
  ...names('ec2', 'CreateFlowLogs', { action: 'audit_started' }),
  ...names(
    'ec2',
    'AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress RevokeSecurityGroupIngress RevokeSecurityGroupEgress CreateSecurityGroup DeleteSecurityGroup CreateNetworkAclEntry ReplaceNetworkAclEntry DeleteNetworkAclEntry CreateRoute ReplaceRoute',
    {
      action: 'configuration_changed',
    },
  ),
  ...names(
    's3',
    'PutBucketPolicy DeleteBucketPolicy PutBucketAcl PutObjectAcl PutBucketPublicAccessBlock DeleteBucketPublicAccessBlock PutAccountPublicAccessBlock PutBucketLogging PutBucketReplication PutBucketLifecycle PutBucketEncryption DeleteBucketEncryption',
    {
      action: 'policy_changed',
    },
  ),
  ...names('s3', 'GetObject HeadObject', { action: 'file_accessed' }),
  ...names('s3', 'PutObject CopyObject CompleteMultipartUpload', { action: 'file_created' }),
  ...names('s3', 'DeleteObject', { action: 'file_deleted' }),
  ...names('secretsmanager', 'GetSecretValue BatchGetSecretValue', { action: 'secret_accessed' }),
  ...names('secretsmanager', 'CreateSecret PutSecretValue UpdateSecret RotateSecret RestoreSecret', {
    action: 'secret_changed',
  }),
  ...names('secretsmanager', 'DeleteSecret', { action: 'secret_deleted' }),
  ...names('ssm', 'GetParameter GetParameters GetParametersByPath', { action: 'secret_accessed' }),
  ...names('ssm', 'PutParameter', { action: 'secret_changed' }),
  ...names('kms', 'Sign', { action: 'key_signed' }),
  ...names(
    'kms',
    'Verify Encrypt Decrypt ReEncrypt GenerateDataKey GenerateDataKeyWithoutPlaintext GenerateDataKeyPair GenerateDataKeyPairWithoutPlaintext GenerateMac VerifyMac GetPublicKey DescribeKey DeriveSharedSecret GetKeyPolicy GetKeyRotationStatus GetParametersForImport ListResourceTags ListGrants ListKeyPolicies',
    {
      action: 'key_accessed',
    },
  ),
  ...names('kms', 'CreateKey', { action: 'key_generated' }),
  ...names('kms', 'ReplicateKey ImportKeyMaterial', { action: 'key_imported' }),
  ...names('kms', 'RotateKey RotateKeyOnDemand', { action: 'key_rotated' }),
  ...names('kms', 'ScheduleKeyDeletion DeleteKey DeleteImportedKeyMaterial DeleteExpiredKeyMaterial', {
    action: 'key_destroyed',
  }),
  ...names('kms', 'CancelKeyDeletion', { action: 'key_restored' }),
  ...names(
    'kms',
    'EnableKey DisableKey EnableKeyRotation DisableKeyRotation PutKeyPolicy CreateGrant RetireGrant RevokeGrant CreateAlias UpdateAlias DeleteAlias UpdateKeyDescription TagResource UntagResource UpdatePrimaryRegion SynchronizeMultiRegionKey',
    {
      action: 'key_changed',
    },
  ),
  ...names('acm', 'RequestCertificate', { action: 'certificate_requested' }),
  ...names('acm', 'ImportCertificate', { action: 'certificate_imported' }),
  ...names('acm', 'RenewCertificate', { action: 'certificate_renewed' }),
  ...names('acm', 'DeleteCertificate', { action: 'certificate_deleted' }),
  ...names('acm', 'RevokeCertificate', { action: 'certificate_revoked' }),
  ...names('acm', 'ExportCertificate GetCertificate DescribeCertificate', { action: 'certificate_accessed' }),
  ...names('acm-pca', 'IssueCertificate', { action: 'certificate_issued' }),
  ...names('acm-pca', 'RevokeCertificate', { action: 'certificate_revoked' }),
  ...names('acm-pca', 'GetCertificate GetCertificateAuthorityCertificate', {
    action: 'certificate_accessed',
  }),
  ...names('acm-pca', 'CreateCertificateAuthority ImportCertificateAuthorityCertificate', {
    action: 'ca_created',
  }),
  ...names('acm-pca', 'DeleteCertificateAuthority', { action: 'ca_deleted' }),
  ...names(
    'acm-pca',
    'UpdateCertificateAuthority RestoreCertificateAuthority TagCertificateAuthority UntagCertificateAuthority CreatePermission DeletePermission PutPolicy DeletePolicy',
    {
      action: 'ca_changed',
    },
  ),
  ...names('acm-pca', 'GenerateCRL', { action: 'crl_published' }),
  ...names('acm-pca', 'GenerateOCSPResponse', { action: 'certificate_status_checked' }),
]);
